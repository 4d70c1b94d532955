import type { K8sClient } from '@axoneme/k8s-client'
import { jsonDecoder, type Reflector, startReflector } from '@axoneme/k8s-watchers'
import type { Logger } from '@axoneme/log'
import { createTable, type Table } from '@axoneme/tables'
import { type KubeletService, serviceSchema } from './api-types.ts'
import { watchRetry } from './watch-retry.ts'

/** The services of the cluster, shared by its kubelets. */
export function watchServices({
  client,
  log,
  signal,
}: {
  client: K8sClient
  log: Logger
  signal: AbortSignal
}): { table: Table<KubeletService>; reflector: Reflector } {
  const table = createTable<KubeletService>({
    name: 'kubelet-services',
    key: ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
  })
  const reflector = startReflector({
    ...{ client, table, log, signal },
    decoder: jsonDecoder({
      kind: 'Service',
      apiVersion: 'v1',
      resource: 'services',
      parse: (value) => serviceSchema.parse(value),
    }),
    retry: watchRetry,
  })
  return { table, reflector }
}
