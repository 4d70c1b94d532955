import { readFileSync } from 'node:fs'

/** What the first thread of a process got of the machine, since its start. */
export type CoreTime = Readonly<{
  ranMs: number
  /** It could have run and had no core: other threads had them. */
  waitedMs: number
}>

/** Reads /proc/PID/task/PID/schedstat (Documentation/scheduler/sched-stats.rst: time on a core, time on a run queue). */
export function readCoreTime(pid: number): CoreTime {
  return parseCoreTime(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8'))
}

export function parseCoreTime(text: string): CoreTime {
  const [ran, waited] = text.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e6)
  if (ran === undefined || waited === undefined) throw new RangeError(`no schedstat: '${text.trim()}'`)
  return { ranMs: ran, waitedMs: waited }
}
