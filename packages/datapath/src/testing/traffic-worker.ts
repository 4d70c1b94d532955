/**
 * Traffic between two pods in a thread of its own, so that packets are on their way while the main thread changes
 * programs. Started by continuous-traffic.ts, whose types say what goes in and out.
 */
import type { Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { bindUdpInNetns, connectInNetns, serveTcpInNetns, withNetns } from '@axoneme/syscalls'
import {
  type Pod,
  ports,
  progressIndex,
  type TrafficReport,
  type TrafficSetup,
} from './continuous-traffic.ts'

const { client, server, progress } = workerData as TrafficSetup
const counters = new Int32Array(progress)
const advance = (what: keyof typeof progressIndex) => void Atomics.add(counters, progressIndex[what], 1)
let isStopping = false

/** Any byte of the stream follows from its position. A prime length: no segment or buffer size divides it. */
const patternLength = 65_521
const pattern = Buffer.alloc(2 * patternLength, Buffer.from(Array.from({ length: patternLength }, byteAt)))
const chunkLength = 16_384

function byteAt(_: unknown, position: number): number {
  return (Math.imul(position, 2_654_435_761) >>> 13) & 0xff
}

function streamFrom(position: number, length: number): Buffer {
  const start = position % patternLength
  return pattern.subarray(start, start + Math.min(length, patternLength))
}

/** As fast as the other end takes it. Resolves with the number of bytes when everything was handed to the kernel. */
async function sendStream(socket: Socket): Promise<number> {
  let sent = 0
  while (!isStopping) {
    const chunk = streamFrom(sent, chunkLength)
    sent += chunk.length
    if (!socket.write(chunk)) await untilWritten(socket)
  }
  socket.end()
  return sent
}

/** A socket whose other end has ended ends of itself when all is written: then it does not drain, it finishes. */
async function untilWritten(socket: Socket): Promise<void> {
  const written = new AbortController()
  const { signal } = written
  try {
    const ways = ['drain', 'finish', 'close'].map((event) => once(socket, event, { signal }))
    await Promise.race(ways)
  } finally {
    written.abort()
  }
}

/** Resolves with the number of bytes at the end of the stream. Rejects at the first byte that is not its own. */
async function receiveStream(socket: Socket, what: 'upload' | 'download'): Promise<number> {
  let received = 0
  // A loop that destroys the socket when one direction ends would take what the other one has not sent yet.
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += patternLength) {
      const part = chunk.subarray(at, at + patternLength)
      if (!part.equals(streamFrom(received, part.length)))
        throw new Error(`${what} broke near byte ${received}`)
      received += part.length
    }
    advance(what)
  }
  return received
}

/** Asks and waits for the answer, one after the other. */
async function askAgainAndAgain(socket: Socket): Promise<{ rounds: number; slowestMs: number }> {
  socket.setNoDelay(true)
  const answers = (socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  let [rounds, slowestMs] = [0, 0]
  for (; !isStopping; rounds++) {
    const startedMs = performance.now()
    const question = streamFrom(rounds, 64)
    socket.write(question)
    for (let answer = Buffer.alloc(0); !answer.equals(question); ) {
      const { value, done } = await answers.next()
      if (done === true) throw new Error(`the connection ended in round ${rounds}`)
      answer = Buffer.concat([answer, value])
      if (answer.length > question.length) throw new Error(`a wrong answer in round ${rounds}`)
    }
    slowestMs = Math.max(slowestMs, performance.now() - startedMs)
    advance('rounds')
  }
  socket.end()
  return { rounds, slowestMs }
}

/** Numbered datagrams to a server that sends them back, a few on their way at a time: no buffer overflows. */
async function sendDatagrams(socket: UdpSocket): Promise<TrafficReport['datagrams']> {
  const window = 16
  const outstanding = new Set<number>()
  let [sent, doubled] = [0, 0]
  const send = () => {
    const message = Buffer.alloc(64)
    message.writeUInt32BE(sent)
    outstanding.add(sent++)
    socket.send(message, ports.datagrams, server.address)
  }
  socket.on('message', (message) => {
    if (!outstanding.delete(message.readUInt32BE())) doubled++
    advance('datagrams')
    if (!isStopping) send()
  })
  // The first one alone, so that its conntrack entries are there when the others come, and count them all.
  send()
  await once(socket, 'message')
  for (let i = 1; i < window; i++) send()
  while (!isStopping) await delay(5)
  // What is still on its way has this long, which is forever on one machine.
  for (let waits = 0; outstanding.size > 0 && waits < 300; waits++) await delay(10)
  return { sent, doubled, answered: sent - outstanding.size }
}

/** A table of /proc/net, as `nstat` reads it, of a pod's namespace. */
function networkCounters({ netns }: Pod): Record<string, number> {
  const text = withNetns(netns, () =>
    ['snmp', 'netstat'].map((file) => readFileSync(`/proc/thread-self/net/${file}`, 'utf8')).join(''),
  )
  const lines = text.trim().split('\n')
  const found: Record<string, number> = {}
  for (let line = 0; line + 1 < lines.length; line += 2) {
    const [names = [], values = []] = [lines[line], lines[line + 1]].map((row) => row?.split(' '))
    const protocol = (names[0] ?? '').replace(':', '')
    for (let column = 1; column < names.length; column++) {
      found[`${protocol}.${names[column]}`] = Number(values[column])
    }
  }
  return found
}

/** Packets of the pod's interface. */
function packetsOf({ netns }: Pod): { sent: number; received: number } {
  const text = withNetns(netns, () => readFileSync('/proc/thread-self/net/dev', 'utf8'))
  const line = text.split('\n').find((row) => row.includes('eth0:'))
  const columns = line?.split(':')[1]?.trim().split(/\s+/).map(Number) ?? []
  return { received: columns[1] ?? 0, sent: columns[9] ?? 0 }
}

function countersOf(pod: Pod): TrafficReport['pods']['client'] {
  const found = networkCounters(pod)
  const counter = (name: string) => found[name] ?? 0
  return {
    ...packetsOf(pod),
    retransmitted: counter('Tcp.RetransSegs'),
    spurious: counter('TcpExt.TCPDSACKRecv'),
    resets: counter('Tcp.EstabResets') + counter('Tcp.OutRsts'),
  }
}

/** The last packets of both pods may still be on their way. */
async function settledCounters(): Promise<TrafficReport['pods']> {
  for (let waits = 0; ; waits++) {
    const pods = { client: countersOf(client), server: countersOf(server) }
    const isSettled = pods.client.sent === pods.server.received && pods.server.sent === pods.client.received
    if (isSettled || waits === 300) return pods
    await delay(10)
  }
}

/** Packets that the machine had no room for in a queue between devices, whoever's they were. */
function queueDrops(): number {
  const perCpu = readFileSync('/proc/net/softnet_stat', 'utf8').trim().split('\n')
  return perCpu.reduce((sum, line) => sum + Number.parseInt(line.split(' ')[1] ?? '', 16), 0)
}

async function run(): Promise<TrafficReport> {
  const queueDropsBefore = queueDrops()
  await using resources = new AsyncDisposableStack()
  const connect = async (port: number): Promise<[Socket, Socket]> => {
    const accepted = Promise.withResolvers<Socket>()
    const listening = await serveTcpInNetns({ ...server, port }, accepted.resolve)
    resources.defer(() => void listening.close())
    const local = { address: client.address, port }
    const near = await connectInNetns({ ...server, netns: client.netns, port, local, timeoutMs: 10_000 })
    const far = await accepted.promise
    for (const socket of [near, far]) resources.defer(() => void socket.destroy())
    return [near, far]
  }
  const [bulkNear, bulkFar] = await connect(ports.bulk)
  const [askingNear, askingFar] = await connect(ports.asking)
  const echo = await bindUdpInNetns({ ...server, port: ports.datagrams })
  const udp = await bindUdpInNetns({ ...client, port: ports.datagrams })
  for (const socket of [echo, udp]) resources.defer(() => void socket.close())
  askingFar.setNoDelay(true).pipe(askingFar)
  echo.on('message', (message, from) => echo.send(message, from.port, from.address))

  const [uploadSent, downloadSent, uploadReceived, downloadReceived, asking, datagrams] = await Promise.all([
    sendStream(bulkNear),
    sendStream(bulkFar),
    receiveStream(bulkFar, 'upload'),
    receiveStream(bulkNear, 'download'),
    askAgainAndAgain(askingNear),
    sendDatagrams(udp),
  ])
  return {
    upload: { sent: uploadSent, received: uploadReceived },
    download: { sent: downloadSent, received: downloadReceived },
    asking,
    datagrams,
    pods: await settledCounters(),
    queueDrops: queueDrops() - queueDropsBefore,
  }
}

parentPort?.once('message', () => {
  isStopping = true
})
parentPort?.postMessage(await run())
