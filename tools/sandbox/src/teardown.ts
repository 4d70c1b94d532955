import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { deleteNetns } from '@axoneme/syscalls'
import { type Instance, isNetnsOf } from './instance.ts'
import { mountsBelow, unmountBelow } from './mounts.ts'
import { endProcesses, markedProcesses } from './processes.ts'

const netnsDir = '/run/netns'

/** What of the instance is still there; every list empty after `removeEverything`. */
export type Remains = Readonly<{ processes: number[]; netns: string[]; mounts: string[]; stateDir: string[] }>

export function remains(instance: Instance): Remains {
  return {
    processes: markedProcesses(instance.name).map((id) => id.pid),
    netns: netnsFiles(instance),
    mounts: mountsBelow(instance.stateDir),
    stateDir: existsSync(instance.stateDir) ? [instance.stateDir] : [],
  }
}

/**
 * Takes away everything that carries the instance's name, whoever made it and however far that got: processes, then
 * network namespaces (their links and routes go with them), then the bpffs (its pins, and so programs and maps, go
 * with it), then files. Needs no state and no daemon; does nothing when there is nothing.
 */
export async function removeEverything(instance: Instance): Promise<void> {
  // A supervisor that dies last may have started a child since it was listed.
  for (let round = 0; round < 5; round++) {
    const processes = markedProcesses(instance.name)
    if (processes.length === 0) break
    await endProcesses(processes, { graceMs: 500 })
  }
  for (const path of netnsFiles(instance)) deleteNetns(path)
  unmountBelow(instance.stateDir)
  rmSync(instance.stateDir, { recursive: true, force: true })
  removeIfEmpty(dirname(instance.stateDir))
}

function netnsFiles(instance: Instance): string[] {
  if (!existsSync(netnsDir)) return []
  return readdirSync(netnsDir)
    .filter((name) => isNetnsOf(instance, name))
    .map((name) => `${netnsDir}/${name}`)
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
