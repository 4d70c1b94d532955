import { jsonDecoder } from '@axoneme/k8s-watchers'
import { anyJson, type Decoder, listShape, objectShape, resourceShape } from '@axoneme/slim-types'
import { createTable, type WritableTable } from '@axoneme/tables'
import { z } from 'zod'

/** A pod of the agents' DaemonSet. */
export type AgentPod = Readonly<{
  metadata: Readonly<{ name: string; namespace: string; resourceVersion: string }>
  /** Empty until it is scheduled. */
  nodeName: string
  ready: boolean
}>

const podSchema = z
  .object({
    metadata: z.object({
      name: z.string().min(1),
      namespace: z.string(),
      resourceVersion: z.string(),
      deletionTimestamp: z.string().nullish(),
    }),
    spec: z.object({ nodeName: z.string().nullish() }),
    status: z
      .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish() })
      .nullish(),
  })
  .transform(({ metadata: { deletionTimestamp, ...metadata }, spec, status }): AgentPod => {
    const isReady = status?.conditions?.some((it) => it.type === 'Ready' && it.status === 'True') === true
    return { metadata, nodeName: spec.nodeName ?? '', ready: isReady && !deletionTimestamp }
  })

const condition = objectShape({ type: anyJson, status: anyJson })
const jsonShape = resourceShape(
  { spec: objectShape({ nodeName: anyJson }), status: objectShape({ conditions: listShape(condition) }) },
  { deletionTimestamp: anyJson },
)

const equals = (a: AgentPod, b: AgentPod) => a.nodeName === b.nodeName && a.ready === b.ready

export const agentPodDecoder: Decoder<AgentPod> = jsonDecoder<AgentPod>({
  kind: 'Pod',
  apiVersion: 'v1',
  resource: 'pods',
  jsonShape,
  parse: (value) => podSchema.parse(value),
  equals,
})

/** Index: `node`. */
export function createAgentPodTable(): WritableTable<AgentPod> {
  return createTable<AgentPod>({
    name: 'agent-pods',
    key: (row) => agentPodDecoder.identify(row).key,
    indexes: { node: (row) => (row.nodeName === '' ? [] : [row.nodeName]) },
    equals,
  })
}
