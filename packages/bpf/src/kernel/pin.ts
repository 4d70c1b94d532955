import { unlinkSync } from 'node:fs'
import { ENOENT, SyscallError } from '@axoneme/syscalls'
import { BpfAttr } from './attr.ts'
import type { BpfCommands } from './command.ts'

const attrSize = 24

/** Gives the object a path in a bpffs; it lives as long as the path or a descriptor does. */
export function pinObject(commands: BpfCommands, fd: number, path: string): void {
  commands.run('obj_pin', path, new BpfAttr(attrSize).text(0, path).u32(8, fd).bytes)
}

/** A new descriptor of the object pinned at the path. Throws SyscallError (ENOENT when there is none). */
export function openPinned(commands: BpfCommands, path: string): number {
  return commands.run('obj_get', path, new BpfAttr(attrSize).text(0, path).bytes)
}

/** As `openPinned`, with undefined when nothing is pinned there. */
export function openPinnedIfAny(commands: BpfCommands, path: string): number | undefined {
  const result = commands.try('obj_get', path, new BpfAttr(attrSize).text(0, path).bytes)
  if (result === -ENOENT) return undefined
  if (result < 0) throw new SyscallError('bpf obj_get', path, -result)
  return result
}

/** Removes a pin. False when there was none. The object goes when nothing else holds it. */
export function unpin(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch (error) {
    const { errno = 0, code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    throw new SyscallError('unlink', path, -errno, { cause: error })
  }
}
