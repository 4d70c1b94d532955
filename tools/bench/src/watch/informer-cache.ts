import { CoreV1Api, KubeConfig, makeInformer, type V1Pod } from '@kubernetes/client-node'
import { BenchError } from '../errors.ts'
import type { PodCache, PodCacheOptions } from './pod-cache.ts'

/** The informer of `@kubernetes/client-node`, as its documentation has it. */
export async function openPodCache(options: PodCacheOptions): Promise<PodCache> {
  const { kubeconfigPath, onEvent } = options
  const config = new KubeConfig()
  config.loadFromFile(kubeconfigPath)
  const api = config.makeApiClient(CoreV1Api)
  const informer = makeInformer<V1Pod>(config, '/api/v1/pods', () => api.listPodForAllNamespaces())
  let isStopped = false
  informer.on('error', (error: unknown) => {
    if (!isStopped) throw new BenchError('the informer of client-node failed', { cause: error })
  })
  await informer.start()
  informer.on('change', onEvent)
  return {
    get size() {
      return informer.list().length
    },
    lines: () =>
      informer
        .list()
        .map(({ metadata, spec, status }) =>
          [
            ...[metadata?.namespace, metadata?.name, metadata?.uid, spec?.nodeName],
            ...[status?.podIPs?.[0]?.ip, metadata?.labels?.['pod-template-hash']],
          ].join(' '),
        ),
    async [Symbol.asyncDispose]() {
      isStopped = true
      await informer.stop()
    },
  }
}
