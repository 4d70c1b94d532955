import { align, decodeAttributes, readText } from './attributes.ts'
import { MalformedNetlinkError, type Refusal } from './errors.ts'

/** `struct nlmsghdr` (include/uapi/linux/netlink.h) and what follows it. */
export type NetlinkMessage = Readonly<{
  type: number
  flags: number
  sequence: number
  body: Buffer
}>

export const messageFlags = {
  request: 0x1,
  ack: 0x4,
  /** On a request; the modifiers below share their bits with those of a dump. */
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
} as const

const nlmsgError = 2
const nlmsgDone = 3
const dumpInterrupted = 0x10
const ackTlvs = 0x200
const capped = 0x100
const errorAttributeMessage = 1
const headerLength = 16

export function encodeMessage({ type, flags, sequence, body }: NetlinkMessage): Buffer {
  const bytes = Buffer.alloc(align(headerLength + body.length))
  bytes.writeUInt32LE(headerLength + body.length, 0)
  bytes.writeUInt16LE(type, 4)
  bytes.writeUInt16LE(flags, 6)
  bytes.writeUInt32LE(sequence, 8)
  bytes.set(body, headerLength)
  return bytes
}

/** @throws MalformedNetlinkError when a length leads outside of `datagram`. */
export function* decodeMessages(datagram: Buffer): Generator<NetlinkMessage> {
  for (let at = 0; at < datagram.length; ) {
    const left = datagram.length - at
    const length = left < headerLength ? 0 : datagram.readUInt32LE(at)
    if (length < headerLength || length > left) {
      throw new MalformedNetlinkError(`message of ${length} bytes where ${left} are left`)
    }
    yield {
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + headerLength, at + length),
    }
    at += align(length)
  }
}

export type Ending = { refusal?: Refusal }

/** What ends the answer to a request: an acknowledgement, an error, or the end of a dump. Undefined for data. */
export function endingOf(message: NetlinkMessage): Ending | undefined {
  if (message.type !== nlmsgError && message.type !== nlmsgDone) return undefined
  // The end of a dump may come without a code.
  const errno = message.body.length < 4 ? 0 : -message.body.readInt32LE(0)
  return errno === 0 ? {} : { refusal: { errno, kernelMessage: kernelMessageOf(message) } }
}

/** Whether objects changed while they were listed, so that the list may be wrong. */
export function isInterrupted(message: NetlinkMessage): boolean {
  return (message.flags & dumpInterrupted) !== 0
}

function kernelMessageOf({ type, flags, body }: NetlinkMessage): string | undefined {
  if ((flags & ackTlvs) === 0) return undefined
  const echoed = type === nlmsgDone ? 0 : echoedLength(body, flags)
  if (4 + echoed > body.length) return undefined
  return readText(decodeAttributes(body.subarray(4 + echoed)), errorAttributeMessage)
}

/** An error repeats the request's header, and all of the request unless it says that it was capped. */
function echoedLength(body: Buffer, flags: number): number {
  if ((flags & capped) !== 0 || body.length < 4 + headerLength) return headerLength
  return align(body.readUInt32LE(4))
}
