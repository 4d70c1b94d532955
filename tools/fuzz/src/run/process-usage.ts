import { readFileSync } from 'node:fs'

const pageBytes = 4096
/** USER_HZ of Linux on every architecture that we run on. */
const ticksPerSecond = 100

/** What a process has used: processor time, which other processes do not make longer, and memory. Undefined for none. */
export function readUsage(pid: number): { cpuMs: number; memoryBytes: number } | undefined {
  const text = readStat(pid)
  if (text === undefined) return undefined
  // Behind the name, which may hold anything: state is field 3 of proc_pid_stat(5), utime 14, stime 15, rss 24.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  return {
    cpuMs: ((field(14) + field(15)) * 1000) / ticksPerSecond,
    memoryBytes: field(24) * pageBytes,
  }
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}
