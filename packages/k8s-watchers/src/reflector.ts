import type { RetryPolicy } from '@axoneme/backoff'
import type { K8sClient } from '@axoneme/k8s-client'
import type { Clock } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import type { Decoder } from '@axoneme/slim-types'
import type { WritableTable } from '@axoneme/tables'
import type { Comparison } from './comparison.ts'
import { RunningReflector } from './running-reflector.ts'
import type { SelfCheckOptions } from './self-check.ts'
import type { ResourceSelection } from './source.ts'

/** What a reflector saw, for metrics. */
export type ReflectorEvent =
  /** A watch event; `needed` is whether it changed the table. */
  | Readonly<{ kind: 'event'; resource: string; action: 'ADDED' | 'MODIFIED' | 'DELETED'; needed: boolean }>
  /** Everything was read: in pages, or as the beginning of a watch. */
  | Readonly<{ kind: 'list'; resource: string; items: number; durationMs: number }>
  | Readonly<{ kind: 'watch'; resource: string }>
  /** An object that could not be decoded; the row that was there before is kept. */
  | Readonly<{ kind: 'invalid'; resource: string }>
  | Readonly<{ kind: 'failure'; resource: string; error: unknown }>
  /** The table was compared with its source; after `differs` a list follows. */
  | Readonly<{ kind: 'self-check'; resource: string; outcome: Comparison['outcome']; durationMs: number }>

export type ReflectorPhase = 'listing' | 'watching' | 'waiting' | 'stopped'

export type ReflectorStatus = Readonly<{
  resource: string
  phase: ReflectorPhase
  /** The version that the table reflects; undefined while a list is needed. */
  resourceVersion: string | undefined
  /** When the server was last heard: a page, an event or a bookmark. 0 before that. */
  lastEventMs: number
  lists: number
  watches: number
  /** Events that changed the table, and those that did not. */
  needed: number
  notNeeded: number
  invalid: number
  /** Comparisons with the source, by what they found. */
  selfChecks: Readonly<Record<Comparison['outcome'], number>>
  /** The failure that is being recovered from; undefined when all is well. */
  error: string | undefined
}>

export type Reflector = AsyncDisposable & { status(): ReflectorStatus }

export type ReflectorOptions<T> = Readonly<{
  client: K8sClient
  decoder: Decoder<T>
  /** Which objects; all without it. */
  resource?: ResourceSelection
  /** Must be keyed as the decoder identifies (see objectKey). This is its one writer. */
  table: WritableTable<T>
  log: Logger
  signal: AbortSignal
  observe?: (event: ReflectorEvent) => void
  /** Between failures. */
  retry?: RetryPolicy
  /** Whether to have the first state streamed (a watch-list) where the server offers that; yes by default. */
  watchList?: boolean
  /** Objects a page, where the first state is read in pages. */
  pageSize?: number
  /** Whether to ask for protobuf where the decoder has it; yes by default. */
  protobuf?: boolean
  /** The longest time that a watch may be silent where the server sends bookmarks, before jitter of up to a fifth. */
  maxSilenceMs?: number
  /** How long a watch lasts at least; at most twice that. Asked before each. By default as `sharedIntervals` says. */
  minWatchSeconds?: number | (() => number)
  maxFrameBytes?: number
  /** When the table is compared with its source; `false`: never. By default as `sharedIntervals` says. */
  selfCheck?: SelfCheckOptions | false
  clock?: Clock
  random?: () => number
}>

/** How an app's reflectors behave, whatever their kinds. */
export type ReflectorSettings = Pick<
  ReflectorOptions<never>,
  'retry' | 'watchList' | 'pageSize' | 'maxSilenceMs' | 'minWatchSeconds' | 'selfCheck'
>

/**
 * Keeps `table` equal to a collection of the apiserver: reads it whole, then watches it, resuming where a watch ended
 * and reading it whole again only when the server no longer knows that version or a self-check found a difference.
 * The table is marked initialised when it is whole for the first time. Never gives up; failures are in the status and
 * the log. Stops with `signal` or disposal.
 */
export function startReflector<T extends object>(options: ReflectorOptions<T>): Reflector {
  return new RunningReflector(options)
}
