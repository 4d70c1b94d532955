import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'
import { EINVAL, ENOENT, SyscallError } from './errors.ts'
import { syscall } from './syscall.ts'

/** A network namespace: the path of its file (`/run/netns/a`, `/proc/1/ns/net`) or a descriptor of that file. */
export type Netns = string | number

// linux/sched.h, linux/mount.h, sys/mount.h, linux/magic.h
const cloneNewnet = 0x4000_0000
const msBind = 0x1000
const mntDetach = 2
const umountNofollow = 8
const nsfsMagic = 0x6e73_6673

const ownNetns = '/proc/thread-self/ns/net'

/** This thread could not return to its own namespace: whatever it does next happens in a pod. End the process. */
export class NetnsLostError extends CodedError {
  constructor(errno: SyscallError, fnError: unknown) {
    const cause = fnError === undefined ? errno : new AggregateError([errno, fnError], errno.message)
    super('NETNS_LOST', 'the thread is stuck in another network namespace', {
      cause,
      hint: 'end this process and start it again',
    })
  }
}

/**
 * Runs `fn` with this thread in `netns`, and comes back whatever happens. Sockets made and processes spawned by `fn`
 * belong to that namespace for good, also after the return. `fn` must be synchronous: what it starts asynchronously
 * (`fs.promises`, a DNS lookup, a Worker) may create threads that stay in the namespace.
 *
 * @throws SyscallError when the namespace cannot be entered; NetnsLostError when it cannot be left.
 */
export function withNetns<T>(netns: Netns, fn: () => T): T {
  const fd = typeof netns === 'number' ? netns : openNetns(netns)
  try {
    return andBack(() => enter(fd, String(netns)), fn)
  } finally {
    if (fd !== netns) closeSync(fd)
  }
}

/**
 * Makes a network namespace that lives as long as `path` does (see deleteNetns). Missing directories are made; a
 * `path` that exists is EEXIST. Its loopback device is down.
 */
export function createNetns(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  closeSync(openSync(path, constants.O_RDONLY | constants.O_CREAT | constants.O_EXCL, 0o444))
  try {
    andBack(
      () => must('unshare', 'the network namespace', syscall('unshare', cloneNewnet)),
      () => must('mount', path, syscall('mount', cString(ownNetns), cString(path), null, msBind, null)),
    )
  } catch (error) {
    unlinkSync(path)
    throw error
  }
}

/** Unmounts and removes what createNetns made. A namespace that is gone already is fine. */
export function deleteNetns(path: string): void {
  const result = syscall('umount2', cString(path), mntDetach | umountNofollow)
  if (result === -ENOENT) return
  // EINVAL: no mount point, so a createNetns was interrupted before its mount.
  if (result !== -EINVAL) must('umount', path, result)
  unlinkSync(path)
}

/**
 * A descriptor of the namespace at `path` (default: this thread's own), which keeps the namespace alive. The caller
 * closes it. Never blocks, and refuses what is no namespace, so that `path` may come from outside.
 */
export function openNetns(path: string = ownNetns): number {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const errno = -((cause as NodeJS.ErrnoException).errno ?? -EINVAL)
    throw new SyscallError('open network namespace', path, errno, { cause })
  }
  if (statfsSync(`/proc/self/fd/${fd}`).type === nsfsMagic) return fd
  closeSync(fd)
  throw new CodedError('NOT_A_NETNS', `${path} is no network namespace`, {
    hint: 'give the path of a namespace file, like /run/netns/NAME or /proc/PID/ns/net',
  })
}

/** The inode of a namespace (default: this thread's own): equal for two paths exactly when they are the same one. */
export function netnsInode(netns: Netns = ownNetns): number {
  return (typeof netns === 'number' ? fstatSync(netns) : statSync(netns)).ino
}

function andBack<T>(leave: () => void, fn: () => T): T {
  const home = openNetns()
  try {
    leave()
    let outcome: { value: T } | { error: unknown }
    try {
      outcome = { value: fn() }
    } catch (error) {
      outcome = { error }
    }
    const back = syscall('setns', home, cloneNewnet)
    if (back < 0) {
      const fnError = 'error' in outcome ? outcome.error : undefined
      throw new NetnsLostError(new SyscallError('setns', 'back to the own network namespace', -back), fnError)
    }
    if ('error' in outcome) throw outcome.error
    if (outcome.value instanceof Promise)
      throw new TypeError('what runs in a network namespace is synchronous')
    return outcome.value
  } finally {
    closeSync(home)
  }
}

function enter(fd: number, name: string): void {
  must('setns', `network namespace ${name}`, syscall('setns', fd, cloneNewnet))
}

function must(operation: string, object: string, result: number): void {
  if (result < 0) throw new SyscallError(operation, object, -result)
}

function cString(text: string): Buffer {
  if (text.includes('\0')) throw new SyscallError('pass a path', JSON.stringify(text), EINVAL)
  return Buffer.from(`${text}\0`)
}
