import { constants } from 'node:os'
import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'

const names = new Map<number, string>(Object.entries(constants.errno).map(([name, value]) => [value, name]))

/** `ENOENT` for 2. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`
}

export const { ENOENT, EEXIST, EINTR, EAGAIN, E2BIG, EINVAL, EPERM, ENOSPC, EBUSY, ENODEV, ESRCH } =
  constants.errno

const transient = new Set([EINTR, EAGAIN, EBUSY, constants.errno.ENOMEM, constants.errno.ENOBUFS])

/** A system call that the kernel refused: operation, object and errno. */
export class SyscallError extends CodedError {
  readonly errno: number
  readonly errnoName: string

  constructor(operation: string, object: string, errno: number, options: CodedErrorOptions = {}) {
    const name = errnoName(errno)
    super(name, `${operation} ${object}: ${name}`, { retryable: transient.has(errno), ...options })
    this.errno = errno
    this.errnoName = name
  }
}
