import { setImmediate } from 'node:timers/promises'
import type { RingBuffer } from '@axoneme/bpf'
import { isAbort, Scope, sleep } from '@axoneme/lifecycle'
import { decodeEvent, type MonitorEvent } from './event.ts'
import { nextPollDelayMs } from './poll-delay.ts'
import { EventQueue, type Subscription } from './subscription.ts'

/** Records taken in one turn of the event loop. */
const batch = 1024
const defaultCapacity = 8192

export type MonitorStats = Readonly<{
  /** Records taken out of the ring buffer. */
  records: number
  /** Of those that were read while somebody listened: no event of this version's datapath. */
  malformed: number
  subscribers: number
}>

export type Monitor = AsyncDisposable &
  Readonly<{
    /** Events from now on. `capacity` is how many wait for a slow reader before it loses some. */
    subscribe(options?: { capacity?: number; filter?: (event: MonitorEvent) => boolean }): Subscription
    stats(): MonitorStats
    /** Resolves when the monitor ends; rejects when the ring buffer could not be read any more. */
    done: Promise<void>
  }>

export type MonitorOptions = Readonly<{
  /** The datapath's events; the monitor is its only reader, and does not close it. */
  ring: Pick<RingBuffer, 'read'>
  signal?: AbortSignal
  /** Milliseconds since the epoch. */
  now?: () => number
  /** CLOCK_MONOTONIC in nanoseconds, as the datapath stamps events. */
  monotonicNs?: () => bigint
}>

/**
 * Takes events out of the datapath's ring buffer and hands each to all subscribers. It reads also while nobody listens,
 * so that the first subscriber meets no old events. A slow subscriber loses events and is told how many; it delays
 * nobody. Subscriptions end with the monitor.
 */
export function startMonitor({
  ring,
  signal,
  now = Date.now,
  monotonicNs = process.hrtime.bigint,
}: MonitorOptions): Monitor {
  const readers = new Map<EventQueue, (event: MonitorEvent) => boolean>()
  let records = 0
  let malformed = 0

  const handOver = (record: Buffer, offsetMs: number) => {
    records++
    if (readers.size === 0) return
    const event = decodeEvent(record, offsetMs)
    if (event === undefined) {
      malformed++
      return
    }
    for (const [queue, accepts] of readers) if (accepts(event)) queue.push(event)
  }

  const scope = new Scope('monitor', signal === undefined ? {} : { signal })
  scope.defer(() => {
    for (const queue of [...readers.keys()]) queue[Symbol.dispose]()
  })
  scope.run(async (running) => {
    let delayMs = 0
    while (!running.aborted) {
      // Anew each time: the wall clock may be set.
      const offsetMs = now() - Number(monotonicNs() / 1_000n) / 1_000
      const count = ring.read((record) => handOver(record, offsetMs), batch)
      delayMs = nextPollDelayMs(delayMs, { count, batch })
      if (delayMs === 0) await setImmediate()
      else await pause(delayMs, running)
    }
  })
  scope.signal.addEventListener('abort', () => void scope.close(), { once: true })

  return {
    subscribe({ capacity = defaultCapacity, filter = () => true } = {}) {
      const queue = new EventQueue(capacity, (closed) => readers.delete(closed))
      if (scope.signal.aborted) queue[Symbol.dispose]()
      else readers.set(queue, filter)
      return queue
    },
    done: scope.done,
    stats: () => ({ records, malformed, subscribers: readers.size }),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, { signal })
  } catch (error) {
    if (!isAbort(error, signal)) throw error
  }
}
