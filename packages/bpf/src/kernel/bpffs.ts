import { mkdirSync, statfsSync } from 'node:fs'
import { constants } from 'node:os'
import { SyscallError, syscall } from '@axoneme/syscalls'

/** BPF_FS_MAGIC of linux/magic.h. */
const bpffsMagic = 0xcafe4a11
const mountDetach = 2

/** Whether the path lies in a mounted bpffs. False when it does not exist. */
export function isBpffs(path: string): boolean {
  try {
    return statfsSync(path).type === bpffsMagic
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/**
 * Mounts a new, empty bpffs on the directory, which is made if needed. Each mount is its own instance: what is
 * pinned in one is not in another. The kernel puts files of its own into it (`maps.debug`, `progs.debug`). A directory that lies in a bpffs already is left as it is and returns false.
 */
export function mountBpffs(path: string): boolean {
  if (isBpffs(path)) return false
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const [source, target, data] = ['bpffs', path, 'mode=0700'].map((text) => Buffer.from(`${text}\0`))
  const result = syscall('mount', source!, target!, Buffer.from('bpf\0'), 0, data!)
  if (result < 0) {
    throw new SyscallError('mount bpffs', path, -result, {
      hint: 'mounting needs CAP_SYS_ADMIN and a kernel with CONFIG_BPF_SYSCALL',
    })
  }
  return true
}

/** Unmounts the bpffs and with it drops every pin in it. False when nothing was mounted there. */
export function unmountBpffs(path: string): boolean {
  const result = syscall('umount2', Buffer.from(`${path}\0`), mountDetach)
  if (result === -constants.errno.EINVAL || result === -constants.errno.ENOENT) return false
  if (result < 0) throw new SyscallError('unmount bpffs', path, -result)
  return true
}
