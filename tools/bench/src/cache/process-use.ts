import { readFileSync } from 'node:fs'

/** USER_HZ: what /proc counts processor time in, 100 on every architecture that Node runs on. */
const ticksPerSecond = 100

/** Seconds of processor time that all threads of a process used since its start (proc_pid_stat(5), utime and stime). */
export function readCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name is in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export type MemoryUse = Readonly<{ rssMb: number; anonymousMb: number; peakMb: number }>

/** What of a process is in memory (proc_pid_status(5)); MB are 2^20 bytes. */
export function readMemory(pid: number): MemoryUse {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024
  return { rssMb: mb('VmRSS'), anonymousMb: mb('RssAnon'), peakMb: mb('VmHWM') }
}
