import { K8sApiError } from '@axoneme/k8s-client'
import { createFrameSplitter, type Decoder, decodeWatchEvent, type WatchEvent } from '@axoneme/slim-types'
import { WatchSilentError } from './recovery.ts'
import type { ResourceSource } from './source.ts'

export type ObjectEvent<T> = Exclude<WatchEvent<T>, { type: 'ERROR' }>

/**
 * One watch from `resourceVersion` on, until the server ends it. Rejects with what ended it otherwise: the server's
 * refusal or ERROR event (K8sApiError), a cut, a broken frame (DecodeError), or silence (WatchSilentError).
 */
export async function watchOnce<T>({
  source,
  decoder,
  resourceVersion,
  timeoutSeconds,
  maxSilenceMs,
  maxFrameBytes,
  onOpen,
  onEvent,
  signal,
}: {
  source: ResourceSource
  decoder: Decoder<T>
  resourceVersion: string
  /** When the server is asked to end the watch. */
  timeoutSeconds: number
  /** Bookmarks come about every minute; longer silence than this means that nobody is there. */
  maxSilenceMs: number
  maxFrameBytes: number
  onOpen: () => void
  onEvent: (event: ObjectEvent<T>) => void
  signal: AbortSignal
}): Promise<void> {
  const silence = new AbortController()
  const timer = setTimeout(
    () => silence.abort(new WatchSilentError(source.resource, maxSilenceMs)),
    maxSilenceMs,
  )
  try {
    const { format, chunks } = await source.watch({
      query: { resourceVersion, allowWatchBookmarks: true, timeoutSeconds },
      signal: AbortSignal.any([signal, silence.signal]),
    })
    onOpen()
    const splitter = createFrameSplitter(format, { maxFrameBytes })
    for await (const chunk of chunks) {
      timer.refresh()
      for (const frame of splitter.push(chunk)) {
        const event = decodeWatchEvent(frame, format, decoder)
        if (event.type === 'ERROR') throw watchError(source.resource, event.status)
        onEvent(event)
      }
    }
  } finally {
    clearTimeout(timer)
  }
}

function watchError(
  resource: string,
  status: Extract<WatchEvent<unknown>, { type: 'ERROR' }>['status'],
): K8sApiError {
  return new K8sApiError(`watch ${resource}: ${status.code} ${status.reason}: ${status.message}`, {
    // A Status without code is a failure of the server's.
    status: status.code === 0 ? 500 : status.code,
    reason: status.reason,
    retryAfterMs: Math.min(600, Math.max(0, status.retryAfterSeconds)) * 1000,
  })
}
