import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { writeSysctl } from '@axoneme/netlink'
import {
  bindUdpInNetns,
  connectInNetns,
  type Netns,
  type SocketAddress,
  serveTcpInNetns,
  syscall,
  withNetns,
} from '@axoneme/syscalls'

/** What is expected to arrive has this long; what must not arrive is given up earlier, and its drop looked up. */
const patienceMs = 10_000
const refusalMs = 400

/** A TCP server that answers each line with its name, the client's address and the line. */
export async function serveLines(at: SocketAddress & { name: string }): Promise<AsyncDisposable> {
  const open = new Set<Socket>()
  const server = await serveTcpInNetns(at, (socket) => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    createInterface(socket).on('line', (line) => socket.write(`${at.name} ${socket.remoteAddress} ${line}\n`))
  })
  return { [Symbol.asyncDispose]: () => closeAll(server, open) }
}

async function closeAll(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  for (const socket of open) socket.destroy()
  server.close()
  await once(server, 'close')
}

/** A connection to a server of `serveLines`. */
export type Line = Disposable & {
  /** The server's answer, in its words: name, address it sees, text. Rejects when none comes. */
  ask(text: string): Promise<{ name: string; seenAs: string; text: string }>
  /** Whether an answer comes while one would long have come. */
  isSilent(text: string): Promise<boolean>
}

export async function openLine(
  at: SocketAddress & { timeoutMs?: number; localPort?: number },
): Promise<Line> {
  const socket = await connectInNetns({ timeoutMs: patienceMs, ...at })
  socket.on('error', () => {})
  const answers = createInterface(socket)[Symbol.asyncIterator]()
  let pending: Promise<string> | undefined
  const next = async () => {
    const answer = await answers.next()
    if (answer.done === true) throw new Error('the connection ended')
    return answer.value
  }
  const send = (text: string) => {
    socket.write(`${text}\n`)
    pending ??= next()
    return pending
  }
  return {
    async ask(text) {
      for (;;) {
        const answer = await within(send(text), patienceMs, `no answer to ${text}`)
        pending = undefined
        const [name = '', seenAs = '', ...words] = answer.split(' ')
        const echoed = words.join(' ')
        // Answers to what was sent into the silence come late, when the silence is over.
        if (echoed === text) return { name, seenAs, text: echoed }
      }
    },
    isSilent: (text) =>
      Promise.race([
        send(text).then(
          () => false,
          () => true,
        ),
        delay(refusalMs).then(() => true),
      ]),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** Whether a TCP connection to a server of `serveLines` comes about. A denied one is given up early. */
export async function canConnect(at: SocketAddress, { expected }: { expected: boolean }): Promise<boolean> {
  try {
    using line = await openLine({ ...at, timeoutMs: expected ? patienceMs : refusalMs })
    await line.ask('hello')
    return true
  } catch {
    return false
  }
}

/** Answers each datagram with its content. */
export async function serveUdp(at: SocketAddress): Promise<Disposable> {
  const socket = await bindUdpInNetns(at)
  socket.on('message', (message, from) => socket.send(message, from.port, from.address))
  return { [Symbol.dispose]: () => socket.close() }
}

/** Whether a datagram to a server of `serveUdp` is answered. Sent again until then: UDP may lose it. */
export async function isAnsweredByUdp(
  from: SocketAddress,
  to: { address: string; port: number },
  { expected }: { expected: boolean },
): Promise<boolean> {
  const socket = await bindUdpInNetns(from)
  return exchange(socket, { message: Buffer.from('hello'), ...to, expected })
}

/** Whether an ICMP echo request is answered. */
export async function isPingable(
  netns: Netns,
  address: string,
  { expected }: { expected: boolean },
): Promise<boolean> {
  // IPPROTO_ICMP datagram sockets are for the groups in this range.
  writeSysctl(netns, 'net.ipv4.ping_group_range', '0 0')
  const [inet, datagram, closeOnExec, icmp] = [2, 2 | 0x800, 0x80000, 1]
  const fd = withNetns(netns, () => syscall('socket', inet, datagram | closeOnExec, icmp))
  if (fd < 0) throw new Error(`no ICMP socket: errno ${-fd}`)
  const socket = createSocket('udp4')
  const listening = once(socket, 'listening')
  socket.bind({ fd })
  await listening
  // Type 8, echo; the kernel writes checksum and id. The port is not used.
  return exchange(socket, { message: Buffer.from('0800000000000001', 'hex'), address, port: 1, expected })
}

async function exchange(
  socket: ReturnType<typeof createSocket>,
  { message, address, port, expected }: { message: Buffer; address: string; port: number; expected: boolean },
): Promise<boolean> {
  const answered = once(socket, 'message').then(() => true)
  answered.catch(() => {})
  socket.on('error', () => {})
  const send = () => socket.send(message, port, address, () => {})
  send()
  const again = setInterval(send, 100)
  try {
    return await Promise.race([answered, delay(expected ? patienceMs : refusalMs).then(() => false)])
  } finally {
    clearInterval(again)
    socket.close()
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  return Promise.race([
    promise,
    delay(ms).then(() => {
      throw new Error(`${what} within ${ms} ms`)
    }),
  ])
}
