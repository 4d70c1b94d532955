import { readlinkSync, unlinkSync } from 'node:fs'
import { EINVAL, ENOENT, SyscallError } from '@axoneme/syscalls'
import { BpfAttr } from './attr.ts'
import { type BpfCommands, bpfFailure } from './command.ts'
import { adoptDescriptor } from './descriptor.ts'

const attrSize = 24

/** Gives the object a path in a bpffs; it lives as long as the path or a descriptor does. */
export function pinObject(commands: BpfCommands, fd: number, path: string): void {
  commands.run('obj_pin', path, new BpfAttr(attrSize).text(0, path).u32(8, fd).bytes)
}

/** What may be pinned, by the name that the kernel gives its descriptors. */
export type PinnedKind = 'map' | 'prog' | 'link'

/** A new descriptor of the object pinned at the path. Throws SyscallError: ENOENT, or EINVAL for another kind. */
export function openPinned(commands: BpfCommands, path: string, kind: PinnedKind): number {
  const fd = openPinnedIfAny(commands, path, kind)
  if (fd === undefined) throw bpfFailure('obj_get', path, ENOENT)
  return fd
}

/** As `openPinned`, with undefined when nothing is pinned there. */
export function openPinnedIfAny(commands: BpfCommands, path: string, kind: PinnedKind): number | undefined {
  const result = commands.try('obj_get', path, new BpfAttr(attrSize).text(0, path).bytes)
  if (result === -ENOENT) return undefined
  if (result < 0) throw bpfFailure('obj_get', path, -result)
  return adoptDescriptor(result, (fd) => {
    checkKind(fd, path, kind)
    return fd
  })
}

/** The kernel answers questions about a map for a link as well, with another struct. */
function checkKind(fd: number, path: string, kind: PinnedKind): void {
  const name = readlinkSync(`/proc/self/fd/${fd}`)
  if (name.endsWith(`bpf-${kind}`) || name.endsWith(`bpf_${kind}`)) return
  throw new SyscallError('bpf obj_get', path, EINVAL, {
    hint: `what is pinned there is ${name}, not a ${kind}`,
  })
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
