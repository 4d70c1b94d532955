import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { within } from './within.ts'

export type Pod = Readonly<{ netns: string; address: string }>

/** The same at both ends, so that connections are known by their addresses. */
export const ports = { bulk: 5001, asking: 5002, datagrams: 5003 } as const

/** What has happened so far, in memory that both threads share. */
export const progressIndex = { upload: 0, download: 1, rounds: 2, datagrams: 3 } as const
type Progress = Record<keyof typeof progressIndex, number>

export type TrafficSetup = Readonly<{ client: Pod; server: Pod; progress: SharedArrayBuffer }>

/** Bytes of one direction; that each was the right one was checked. */
type Stream = Readonly<{ sent: number; received: number }>

/** Counters of a pod's namespace since it was made. */
type PodCounters = Readonly<{
  /** Packets of its interface. */
  sent: number
  received: number
  /** TCP segments that were sent again, and how many of these the other side says it had already. */
  retransmitted: number
  spurious: number
  resets: number
}>

export type TrafficReport = Readonly<{
  upload: Stream
  download: Stream
  asking: Readonly<{ rounds: number; slowestMs: number }>
  datagrams: Readonly<{ sent: number; answered: number; doubled: number }>
  pods: Readonly<{ client: PodCounters; server: PodCounters }>
  /** Packets of the whole machine that found no room in a processor's receive queue meanwhile. */
  queueDrops: number
}>

/** Traffic that goes on, whatever this thread does. */
export type ContinuousTraffic = AsyncDisposable &
  Readonly<{
    progress(): Progress
    /** Resolves when each kind of traffic got further than it is now. Rejects when it ended or has stalled. */
    advanced(): Promise<void>
    /** Ends it in order. Rejects with what went wrong in the meantime. */
    finish(): Promise<TrafficReport>
  }>

/** Far more than a retransmission takes, with its timer doubled several times. */
const stalledAfterMs = 20_000

/**
 * Starts a stream in both directions as fast as it goes, a question and answer loop, both TCP, and numbered datagrams
 * that come back.
 */
export function startTraffic({ client, server }: { client: Pod; server: Pod }): ContinuousTraffic {
  const progress = new SharedArrayBuffer(4 * Object.keys(progressIndex).length)
  const counters = new Int32Array(progress)
  const workerData: TrafficSetup = { client, server, progress }
  const worker = new Worker(new URL('./traffic-worker.ts', import.meta.url), { workerData, execArgv: [] })
  const outcome = once(worker, 'message').then(([report]) => report as TrafficReport)
  let failure: { error: unknown } | undefined
  outcome.catch((error: unknown) => {
    failure = { error }
  })
  const read = (): Progress => ({
    upload: Atomics.load(counters, progressIndex.upload),
    download: Atomics.load(counters, progressIndex.download),
    rounds: Atomics.load(counters, progressIndex.rounds),
    datagrams: Atomics.load(counters, progressIndex.datagrams),
  })
  return {
    progress: read,
    async advanced() {
      const before = Object.values(read())
      const startedMs = performance.now()
      while (Object.values(read()).some((count, index) => count === before[index])) {
        if (failure !== undefined) throw failure.error
        if (performance.now() - startedMs > stalledAfterMs) {
          throw new Error(`traffic has stalled: ${JSON.stringify({ before, now: read() })}`)
        }
        await delay(1)
      }
    },
    finish() {
      worker.postMessage('finish')
      return within(outcome, () => `traffic does not end: ${JSON.stringify(read())}`)
    },
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  }
}
