import { readFileSync } from 'node:fs'

/** USER_HZ: what /proc counts processor time in, 100 on every architecture that Node runs on. */
const ticksPerSecond = 100

export type ProcessUse = Readonly<{ cpuSeconds: number; rssMb: number; peakMb: number }>

/** What a process used since its start and has in memory (proc(5)); undefined when it is gone. */
export function readProcessUse(pid: number): ProcessUse | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    // The command's name is in parentheses and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const megabytes = (field: string) =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / 1024
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
      rssMb: Math.round(megabytes('VmRSS')),
      peakMb: Math.round(megabytes('VmHWM')),
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}
