import koffi from 'koffi'
import { SyscallError } from './errors.ts'
import { syscall } from './syscall.ts'

const libc = koffi.load('libc.so.6')

/** Of this machine: 4096 on x86-64, 4096 to 65536 on arm64. */
export const pageBytes: number = libc.func('int getpagesize()')()

const protectionRead = 1
const protectionWrite = 2
const mapShared = 1

/** Memory shared with the kernel. Disposing unmaps it and empties `bytes`, so that no view can reach it any more. */
export type SharedMemory = Disposable & Readonly<{ bytes: ArrayBuffer }>

/**
 * Maps `length` bytes of a descriptor from `offset` on (both multiples of the page size). Writing to memory that was
 * not mapped `writable` ends the process, as in C. Throws SyscallError.
 */
export function mapSharedMemory({
  fd,
  length,
  offset,
  writable,
}: {
  fd: number
  length: number
  offset: number
  writable: boolean
}): SharedMemory {
  const protection = protectionRead | (writable ? protectionWrite : 0)
  const address = syscall('mmap', 0, length, protection, mapShared, fd, offset)
  if (address < 0) throw new SyscallError('mmap', `fd ${fd}`, -address)
  const bytes = koffi.view(address, length)
  let mapped = true
  return {
    bytes,
    [Symbol.dispose]() {
      if (!mapped) return
      mapped = false
      // Detaches the buffer: views of it have length 0 from here on.
      bytes.transfer(0)
      const result = syscall('munmap', address, length)
      if (result < 0) throw new SyscallError('munmap', `fd ${fd}`, -result)
    },
  }
}
