import { closeSync } from 'node:fs'
import { EAGAIN, EINTR, type Netns, SyscallError, syscall, syscallAside, withNetns } from '@axoneme/syscalls'
import { NetlinkError } from './errors.ts'
import {
  decodeMessages,
  encodeMessage,
  endingOf,
  isInterrupted,
  messageFlags,
  type NetlinkMessage,
} from './message.ts'

type Request = {
  type: number
  /** Modifiers like create and replace; `request` and `ack` go without saying. */
  flags?: number
  body: Buffer
  /** What is being done to what, for errors and metrics: `add link`, `axo0`. */
  operation: string
  object: string
}

export type NetlinkEvent = { operation: string; durationMs: number; error?: string }

export type NetlinkSocket = Disposable & {
  /** Sends a change and waits for its acknowledgement. */
  change(request: Request): void
  /**
   * A query or a change on another thread and with a socket of its own: the lock of all devices, or the change itself,
   * may take the kernel tens of milliseconds. The answers, none for a change.
   */
  requestAside(request: Request): Promise<NetlinkMessage[]>
  /** The answers to a query for one object. */
  query(request: Request): NetlinkMessage[]
  /** All objects of a kind, listed again when they changed meanwhile. */
  dump(request: Request): NetlinkMessage[]
}

// linux/netlink.h, sys/socket.h
const afNetlink = 16
const sockRaw = 3
const sockCloexec = 0x8_0000
const netlinkRoute = 0
const solSocket = 1
const soRcvtimeo = 20
const solNetlink = 270
const options = { capAck: 10, extAck: 11, strictCheck: 12 } as const
const msgTrunc = 0x20
const EBADF = 9

/** The kernel fills at most 32 KiB per datagram of a dump; acknowledgements are far smaller. */
const receiveBytes = 65_536
/** rtnetlink answers before sendto returns; this only bounds what a broken kernel could do to us. */
const receiveTimeoutSeconds = 5
const maxDumpAttempts = 10

/** A synchronous rtnetlink socket that lives in `netns` (default: this thread's). */
export function openSocket({
  netns,
  observe,
}: {
  netns?: Netns | undefined
  observe?: ((event: NetlinkEvent) => void) | undefined
}): NetlinkSocket {
  const fd = openDescriptor(netns)
  const buffer = Buffer.alloc(receiveBytes)
  let sequence = 0
  let closed = false

  const requireOpen = (request: Request) => {
    if (closed) throw new NetlinkError(request.operation, request.object, { errno: EBADF })
  }
  const exchange = (request: Request, flags: number) => {
    requireOpen(request)
    sequence = (sequence + 1) >>> 0
    send(fd, encodeMessage({ ...request, flags: (request.flags ?? 0) | flags, sequence }))
    return receiveAnswer(fd, { buffer, sequence, request })
  }
  const report = (operation: string, startMs: number, error?: unknown) => {
    const event = { operation, durationMs: performance.now() - startMs }
    if (error === undefined) observe?.(event)
    else observe?.({ ...event, error: error instanceof SyscallError ? error.code : 'unknown' })
  }
  const observed = <T>(operation: string, run: () => T): T => {
    const startMs = performance.now()
    try {
      const result = run()
      report(operation, startMs)
      return result
    } catch (error) {
      report(operation, startMs, error)
      throw error
    }
  }
  const query = (request: Request) => exchange(request, messageFlags.request | messageFlags.ack).messages

  return {
    change: (request) => void observed(request.operation, () => query(request)),
    async requestAside(request) {
      requireOpen(request)
      const startMs = performance.now()
      try {
        const answers = await exchangeAside(request, netns)
        report(request.operation, startMs)
        return answers
      } catch (error) {
        report(request.operation, startMs, error)
        throw error
      }
    },
    query: (request) => observed(request.operation, () => query(request)),
    dump: (request) =>
      observed(request.operation, () => {
        for (let attempt = 1; ; attempt++) {
          const answer = exchange(request, messageFlags.request | messageFlags.dump)
          if (!answer.interrupted) return answer.messages
          if (attempt === maxDumpAttempts)
            throw new NetlinkError(request.operation, request.object, {
              errno: EINTR,
              kernelMessage: `changed during each of ${attempt} attempts`,
            })
        }
      }),
    [Symbol.dispose]: () => {
      if (closed) return
      closed = true
      closeSync(fd)
    },
  }
}

/** A socket whose netlink answers are as `receiveAnswer` reads them. The caller closes it. */
function openDescriptor(netns: Netns | undefined): number {
  const make = () => must('open', syscall('socket', afNetlink, sockRaw | sockCloexec, netlinkRoute))
  const fd = netns === undefined ? make() : withNetns(netns, make)
  try {
    configure(fd)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** The kernel does the work of a request within the call that sends it: the answer is there when that returns. */
async function exchangeAside(request: Request, netns: Netns | undefined): Promise<NetlinkMessage[]> {
  const fd = openDescriptor(netns)
  try {
    const flags = (request.flags ?? 0) | messageFlags.request | messageFlags.ack
    const message = encodeMessage({ ...request, flags, sequence: 1 })
    let sent: number
    do sent = await syscallAside('sendto', fd, message, message.length, 0, null, 0)
    while (sent === -EINTR)
    must('send to', sent)
    return receiveAnswer(fd, { buffer: Buffer.alloc(receiveBytes), sequence: 1, request }).messages
  } finally {
    closeSync(fd)
  }
}

function configure(fd: number): void {
  const on = Buffer.from(Int32Array.of(1).buffer)
  for (const option of Object.values(options)) {
    must('configure', syscall('setsockopt', fd, solNetlink, option, on, on.length))
  }
  const timeval = Buffer.alloc(16)
  timeval.writeBigInt64LE(BigInt(receiveTimeoutSeconds))
  must('configure', syscall('setsockopt', fd, solSocket, soRcvtimeo, timeval, timeval.length))
}

function send(fd: number, message: Buffer): void {
  // No address: a netlink socket that is not connected sends to the kernel.
  must(
    'send to',
    uninterrupted(() => syscall('sendto', fd, message, message.length, 0, null, 0)),
  )
}

function receiveAnswer(
  fd: number,
  { buffer, sequence, request }: { buffer: Buffer; sequence: number; request: Request },
): { messages: NetlinkMessage[]; interrupted: boolean } {
  const messages: NetlinkMessage[] = []
  let interrupted = false
  for (;;) {
    const length = uninterrupted(() => syscall('recvfrom', fd, buffer, buffer.length, msgTrunc, null, null))
    if (length === -EAGAIN) {
      throw new NetlinkError(request.operation, request.object, {
        errno: EAGAIN,
        kernelMessage: `no answer within ${receiveTimeoutSeconds} s`,
      })
    }
    must('receive from', length)
    if (length > buffer.length) {
      throw new NetlinkError(request.operation, request.object, {
        errno: 90,
        kernelMessage: `an answer of ${length} bytes`,
      })
    }
    // The buffer is used again for the next datagram.
    for (const message of decodeMessages(Buffer.from(buffer.subarray(0, length)))) {
      // An answer to an earlier request that was given up.
      if (message.sequence !== sequence) continue
      interrupted ||= isInterrupted(message)
      const ending = endingOf(message)
      if (ending?.refusal !== undefined) {
        throw new NetlinkError(request.operation, request.object, ending.refusal)
      }
      if (ending !== undefined) return { messages, interrupted }
      messages.push(message)
    }
  }
}

function uninterrupted(call: () => number): number {
  for (;;) {
    const result = call()
    if (result !== -EINTR) return result
  }
}

function must(operation: string, result: number): number {
  if (result < 0) throw new SyscallError(operation, 'rtnetlink socket', -result)
  return result
}
