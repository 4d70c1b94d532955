import { openK8sClient } from '@axoneme/k8s-client'
import { createPodTable, startReflector } from '@axoneme/k8s-watchers'
import { createLogger, textSink } from '@axoneme/log'
import { createInterner, podDecoder } from '@axoneme/slim-types'
import type { PodCache, PodCacheOptions } from './pod-cache.ts'

/** What an agent runs: protobuf, slim rows, the table of pods with its indexes. */
export async function openPodCache(options: PodCacheOptions): Promise<PodCache> {
  const { kubeconfigPath, onEvent, signal } = options
  await using stack = new AsyncDisposableStack()
  const client = stack.use(await openK8sClient({ kubeconfigPath, userAgent: 'axoneme-bench' }))
  const table = createPodTable()
  stack.use(
    startReflector({
      client,
      decoder: podDecoder(createInterner()),
      table,
      log: createLogger({ level: 'warn', sink: textSink((line) => process.stderr.write(line)) }),
      observe: ({ kind }) => {
        if (kind === 'event') onEvent()
      },
      signal,
    }),
  )
  await table.whenInitialized(signal)
  const owned = stack.move()
  return {
    get size() {
      return table.size
    },
    lines: () =>
      Array.from(table.rows(), ({ namespace, name, uid, nodeName, podIPs, labels }) =>
        [namespace, name, uid, nodeName, podIPs[0], labels['pod-template-hash']].join(' '),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
