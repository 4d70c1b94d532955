import { K8sApiError } from '@axoneme/k8s-client'
import type { RowsByHash } from '@axoneme/key-hash'
import { createFrameSplitter, createWatchDecoder, type Decoder, type WatchEvent } from '@axoneme/slim-types'
import { WatchSilentError } from './recovery.ts'
import type { ResourceSource } from './source.ts'

export type ObjectEvent<T> = Exclude<WatchEvent<T>, { type: 'ERROR' }>

/** What a watch begins with: the changes since a version, or the objects that exist (a watch-list). */
export type WatchStart =
  | Readonly<{ resourceVersion: string }>
  | Readonly<{ sendInitialEvents: true; resourceVersionMatch: 'NotOlderThan' }>

/** Without a version: not older than now. */
export const fromInitialEvents = {
  sendInitialEvents: true,
  resourceVersionMatch: 'NotOlderThan',
} as const satisfies WatchStart

/**
 * One watch from `start` on, until the server ends it. Rejects with what ended it otherwise: the server's
 * refusal or ERROR event (K8sApiError), a cut, a broken frame (DecodeError), or silence (WatchSilentError).
 */
export async function watchOnce<T>({
  source,
  decoder,
  known,
  start,
  timeoutSeconds,
  maxSilenceMs,
  maxFrameBytes,
  onOpen,
  onEvent,
  onRead,
  signal,
}: {
  source: ResourceSource
  decoder: Decoder<T>
  known: RowsByHash<T> | undefined
  start: WatchStart
  /** When the server is asked to end the watch. */
  timeoutSeconds: number
  /** Longer silence than this means that nobody is there; asked again now and then. */
  maxSilenceMs: () => number
  maxFrameBytes: number
  onOpen: () => void
  onEvent: (event: ObjectEvent<T>) => void
  /** After the events of what was read at once. */
  onRead: () => void
  signal: AbortSignal
}): Promise<void> {
  using silence = new SilenceTimer(source.resource, maxSilenceMs)
  const { format, read } = await source.watch({
    query: { ...start, allowWatchBookmarks: true, timeoutSeconds },
    signal: AbortSignal.any([signal, silence.signal]),
  })
  onOpen()
  const splitter = createFrameSplitter(format, { maxFrameBytes })
  const decode = createWatchDecoder({ format, decoder, known })
  const onDecoded = (event: WatchEvent<T>) => {
    if (event.type === 'ERROR') throw watchError(source.resource, event.status)
    onEvent(event)
  }
  await read((bytes, parts) => {
    silence.heard()
    try {
      decode(splitter.push(bytes, parts), onDecoded)
    } finally {
      onRead()
    }
  })
}

/** In how many parts of the limit it is looked whether something came. */
const silenceTicks = 8

/** Aborts when nothing came for as long as the limit, or an eighth longer. To say that something came costs nothing. */
class SilenceTimer implements Disposable {
  readonly #resource: string
  readonly #limitMs: () => number
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #startedLimitMs = 0
  #quietTicks = 0
  #isHeard = false

  constructor(resource: string, limitMs: () => number) {
    this.#resource = resource
    this.#limitMs = limitMs
    this.#start()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  heard(): void {
    this.#isHeard = true
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #start(): void {
    clearInterval(this.#timer)
    this.#quietTicks = 0
    this.#startedLimitMs = this.#limitMs()
    this.#timer = setInterval(() => this.#tick(), this.#startedLimitMs / silenceTicks)
  }

  #tick(): void {
    if (this.#isHeard) {
      this.#isHeard = false
      if (this.#limitMs() === this.#startedLimitMs) this.#quietTicks = 0
      else this.#start()
    } else if (++this.#quietTicks >= silenceTicks) {
      clearInterval(this.#timer)
      this.#controller.abort(new WatchSilentError(this.#resource, this.#startedLimitMs))
    }
  }
}

/** The error that an ERROR event stands for. */
export function watchError(
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
