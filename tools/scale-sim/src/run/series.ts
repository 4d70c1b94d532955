import { sleep } from '@axoneme/lifecycle'
import { sumOf, type Traffic, trafficBetween } from '../apiserver/traffic.ts'
import type { Machine } from '../cluster/machine.ts'
import { type ProcessUse, readProcessUse } from '../cluster/process-use.ts'
import { round } from './reading.ts'

/** One second of a run, or about that: rates are by the second. */
export type Sample = Readonly<{
  /** Since the sampling began. */
  atS: number
  answered: number
  /** 429. */
  refused: number
  cut: number
  ready: number
  /** Of one core, by process. */
  cpuPercent: Readonly<Record<string, number>>
  rssMb: Readonly<Record<string, number>>
}>

export type Sampler = Readonly<{
  startedMs: number
  samples: Sample[]
  /** Adds what happened since the last sample. */
  take(): Promise<Sample>
}>

/** `countReady`: how many agents are ready. */
export function createSampler(machine: Machine, countReady: () => Promise<number>): Sampler {
  const startMs = performance.now()
  const samples: Sample[] = []
  let last: { atMs: number; traffic: Traffic | undefined; use: Map<string, ProcessUse> } = {
    atMs: startMs,
    traffic: undefined,
    use: new Map(),
  }
  return {
    startedMs: startMs,
    samples,
    async take() {
      const [traffic, ready] = await Promise.all([machine.traffic(), countReady()])
      const atMs = performance.now()
      const seconds = (atMs - last.atMs) / 1000
      const { answers } = trafficBetween(last.traffic ?? traffic, traffic)
      const refused = sumOf(answers, '', '429')
      const cut = sumOf(answers, '', 'cut')
      const use = new Map<string, ProcessUse>()
      for (const [name, pid] of Object.entries(machine.processes())) {
        const read = readProcessUse(pid)
        if (read !== undefined) use.set(name, read)
      }
      const cpuPercent = [...use].map(([name, { cpuSeconds }]): [string, number] => {
        const before = last.use.get(name)?.cpuSeconds ?? cpuSeconds
        return [name, round((100 * (cpuSeconds - before)) / seconds)]
      })
      const sample: Sample = {
        atS: round((atMs - startMs) / 1000),
        answered: round((sumOf(answers, '') - refused - cut) / seconds),
        refused: round(refused / seconds),
        cut: round(cut / seconds),
        ready,
        cpuPercent: Object.fromEntries(cpuPercent),
        rssMb: Object.fromEntries([...use].map(([name, { rssMb }]) => [name, rssMb])),
      }
      last = { atMs, traffic, use }
      samples.push(sample)
      return sample
    },
  }
}

/** Takes a sample each second while `work` goes on. */
export async function sampled<T>(sampler: Sampler, work: Promise<T>, signal: AbortSignal): Promise<T> {
  const done = new AbortController()
  const finished = work.finally(() => done.abort())
  finished.catch(() => {})
  while (!done.signal.aborted) {
    await sampler.take()
    await sleep(1000, { signal: AbortSignal.any([signal, done.signal]) }).catch(() => {})
    signal.throwIfAborted()
  }
  return finished
}
