import { readdirSync, readFileSync } from 'node:fs'
import { kill } from 'node:process'
import { CodedError, sleep } from '@axoneme/lifecycle'

/** A process for certain: its number alone may have gone to another one since. */
export type ProcessId = Readonly<{
  pid: number
  /** Field 22 of /proc/PID/stat: clock ticks from boot to the process's start. */
  startTicks: number
}>

/** Carried in the environment of everything a sandbox starts, and inherited: nothing it starts can get lost. */
export const markerVariable = 'AXONEME_SANDBOX'

/** Undefined when there is no such process, or only its zombie. */
export function identifyProcess(pid: number): ProcessId | undefined {
  const stat = readProc(`${pid}/stat`)
  // The command's name is in parentheses and may hold spaces and parentheses itself.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startTicks] = [fields?.[0], fields?.[19]]
  if (state === undefined || startTicks === undefined || state === 'Z' || state === 'X') return undefined
  return { pid, startTicks: Number(startTicks) }
}

export function isAlive(id: ProcessId): boolean {
  return identifyProcess(id.pid)?.startTicks === id.startTicks
}

/** The processes that carry the mark of sandbox `name`, this one left out. */
export function markedProcesses(name: string): ProcessId[] {
  const mark = `${markerVariable}=${name}`
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => readProc(`${entry}/environ`)?.split('\0').includes(mark) === true)
    .map((entry) => identifyProcess(Number(entry)))
    .filter((id) => id !== undefined)
}

/**
 * Ends processes: SIGTERM, and SIGKILL for those that are still there after `graceMs`. Waits until all are gone.
 *
 * @throws PROCESS_STUCK when one outlives its SIGKILL by ten seconds.
 */
export async function endProcesses(
  ids: readonly ProcessId[],
  { graceMs }: { graceMs: number },
): Promise<void> {
  const pollMs = 20
  for (const id of ids) signalProcess(id, 'SIGTERM')
  for (let waitedMs = 0; ids.some(isAlive); waitedMs += pollMs) {
    if (waitedMs >= graceMs) for (const id of ids) signalProcess(id, 'SIGKILL')
    if (waitedMs >= graceMs + 10_000) {
      const stuck = ids.filter(isAlive).map((id) => id.pid)
      throw new CodedError('PROCESS_STUCK', `end processes ${stuck.join(', ')}`, { retryable: true })
    }
    await sleep(pollMs)
  }
}

/** False when the process is gone already. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false
  try {
    kill(id.pid, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch (error) {
    // The process ended while we looked, or belongs to a user whose environment is not ours to read.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined
    throw error
  }
}
