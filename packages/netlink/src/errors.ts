import { CodedError } from '@axoneme/lifecycle'
import { EEXIST, ENODEV, ENOENT, ESRCH, SyscallError } from '@axoneme/syscalls'

const enxio = 6
const eaddrnotavail = 99

/** A request that the kernel refused: operation, object, errno, and the kernel's own words where it gave any. */
export class NetlinkError extends SyscallError {
  /** The extended acknowledgement's text. */
  readonly kernelMessage: string | undefined

  constructor(operation: string, object: string, { errno, kernelMessage }: Refusal) {
    super(operation, object, errno)
    this.kernelMessage = kernelMessage
    if (kernelMessage !== undefined) this.message += `: ${kernelMessage}`
  }
}

export type Refusal = { errno: number; kernelMessage?: string | undefined }

/** Bytes from the kernel that are no netlink message. */
export class MalformedNetlinkError extends CodedError {
  constructor(what: string) {
    super('NETLINK_MALFORMED', `decode netlink answer: ${what}`)
  }
}

/** Whether `error` says that the object is there already. */
export function isExists(error: unknown): boolean {
  return error instanceof SyscallError && error.errno === EEXIST
}

/** Whether `error` says that the object, or the device that it belongs to, is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof SyscallError && [ENOENT, ENODEV, ESRCH, enxio, eaddrnotavail].includes(error.errno)
}
