import { arch } from 'node:process'
import koffi from 'koffi'
import { SyscallError } from './errors.ts'

const libc = koffi.load('libc.so.6')
const raw = libc.func('syscall', 'long', ['long', ...Array<string>(6).fill('void *')])

/** Call numbers of the two architectures that nodes run on (asm/unistd.h). */
const numbersByArch = {
  x64: {
    bpf: 321,
    setns: 308,
    socket: 41,
    bind: 49,
    connect: 42,
    listen: 50,
    getsockopt: 55,
    setsockopt: 54,
    sendto: 44,
    recvfrom: 45,
    mount: 165,
    umount2: 166,
    flock: 73,
    close: 3,
    mmap: 9,
    munmap: 11,
    dup3: 292,
    fcntl: 72,
    unshare: 272,
  },
  arm64: {
    bpf: 280,
    setns: 268,
    socket: 198,
    bind: 200,
    connect: 203,
    listen: 201,
    getsockopt: 209,
    setsockopt: 208,
    sendto: 206,
    recvfrom: 207,
    mount: 40,
    umount2: 39,
    flock: 32,
    close: 57,
    mmap: 222,
    munmap: 215,
    dup3: 24,
    fcntl: 25,
    unshare: 97,
  },
} as const

export type SyscallName = keyof (typeof numbersByArch)['x64']

/** Numbers are passed as they are; a view as the address of its first byte, which the kernel may write through. */
export type SyscallArgument = number | bigint | Buffer | null

/**
 * syscall(2) on this thread. Returns the result, or the negated errno; retries nothing. Pass Buffers only: small
 * typed arrays live on the JavaScript heap, where they may move.
 */
export function syscall(name: SyscallName, ...args: SyscallArgument[]): number {
  return withErrno(raw(...rawArguments(name, args)))
}

/**
 * syscall(2) on a thread of libuv's pool, for calls that take long: this thread goes on, and several run side by side.
 * Only for calls that do not depend on the thread: its namespaces are unspecified. The kernel may read and write the
 * Buffers until the promise settles; they stay alive until then, not what they point to.
 */
export function syscallAside(name: SyscallName, ...args: SyscallArgument[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const held = rawArguments(name, args)
  // koffi carries the errno of the pool's thread over to the call-back.
  raw.async(...held, (error: unknown, result: number | bigint) => {
    // Until here the call-back kept the Buffers alive.
    held.length = 0
    if (error === null) resolve(withErrno(result))
    else reject(error)
  })
  return promise
}

function rawArguments(name: SyscallName, args: readonly SyscallArgument[]): SyscallArgument[] {
  const number = numbersByArch[arch as 'x64' | 'arm64']?.[name]
  if (number === undefined) throw new SyscallError(name, `on ${arch}`, 38)
  const [a = null, b = null, c = null, d = null, e = null, f = null] = args
  return [number, a, b, c, d, e, f]
}

function withErrno(result: number | bigint): number {
  return result < 0 ? -koffi.errno() : Number(result)
}

/** The address of a Buffer's first byte, for structs that carry pointers. The caller keeps the Buffer alive. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer)
}
