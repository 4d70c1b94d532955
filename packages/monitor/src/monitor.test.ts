import { packetEvent } from '@axoneme/bpf-programs'
import { ipv4Frame, isRoot, run, Testbed } from '@axoneme/bpf-programs/testing'
import { describe, expect, it } from 'vitest'
import type { MonitorEvent } from './event.ts'
import { startMonitor } from './monitor.ts'
import { readMetrics } from './read-metrics.ts'
import type { LostEvents, Subscription } from './subscription.ts'

/** A ring whose records the test writes. */
function memoryRing() {
  const records: Buffer[] = []
  return {
    put: (dport: number) => records.push(eventRecord(dport)),
    putBytes: (bytes: Buffer) => records.push(bytes),
    read(onRecord: (record: Buffer) => void, max = Number.POSITIVE_INFINITY) {
      const taken = records.splice(0, max)
      for (const record of taken) onRecord(record)
      return taken.length
    },
    get isEmpty() {
      return records.length === 0
    },
  }
}

function eventRecord(dport: number): Buffer {
  return packetEvent.encode({
    timeNs: 0n,
    type: 1,
    reason: 133,
    direction: 1,
    family: 1,
    protocol: 6,
    tcpFlags: 2,
    ctState: 0,
    sourceIdentity: 1,
    destinationIdentity: 2,
    saddr: new Uint8Array(16),
    daddr: new Uint8Array(16),
    sport: 1,
    dport,
    endpointId: 1,
    revNatIndex: 0,
    ifindex: 1,
    length: 60,
    ruleSet: 0,
  })
}

async function take(subscription: Subscription, count: number): Promise<(MonitorEvent | LostEvents)[]> {
  const taken: (MonitorEvent | LostEvents)[] = []
  for await (const event of subscription) if (taken.push(event) === count) break
  return taken
}

const ports = (events: readonly (MonitorEvent | LostEvents)[]) =>
  events.map((event) => (event.kind === 'lost' ? `lost ${event.count}` : event.destinationPort))

describe('startMonitor', () => {
  it('hands every event to every subscriber, in order', async () => {
    const ring = memoryRing()
    await using monitor = startMonitor({ ring })
    const both = [monitor.subscribe(), monitor.subscribe()]
    for (const port of [1, 2, 3]) ring.put(port)
    const taken = await Promise.all(both.map((subscription) => take(subscription, 3)))
    expect(taken.map(ports)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
    expect(monitor.stats()).toEqual({ records: 3, malformed: 0, subscribers: 0 })
  })

  it('counts what is no event and goes on', async () => {
    const ring = memoryRing()
    await using monitor = startMonitor({ ring })
    const subscription = monitor.subscribe()
    ring.putBytes(Buffer.alloc(3))
    ring.putBytes(Buffer.alloc(packetEvent.size, 0xff))
    ring.put(1)
    expect(ports(await take(subscription, 1))).toEqual([1])
    expect(monitor.stats()).toMatchObject({ records: 3, malformed: 2 })
  })

  it('gives a subscriber what its filter accepts', async () => {
    const ring = memoryRing()
    await using monitor = startMonitor({ ring })
    const subscription = monitor.subscribe({ filter: (event) => event.destinationPort > 1 })
    for (const port of [1, 2]) ring.put(port)
    expect(ports(await take(subscription, 1))).toEqual([2])
  })

  it('lets a slow subscriber lose events, says so where they are missing, and delays nobody else', async () => {
    const ring = memoryRing()
    await using monitor = startMonitor({ ring })
    const slow = monitor.subscribe({ capacity: 2 })
    const fast = monitor.subscribe()
    for (const port of [1, 2, 3, 4]) ring.put(port)
    expect(ports(await take(fast, 4))).toEqual([1, 2, 3, 4])
    const iterator = slow[Symbol.asyncIterator]()
    const next = async () => (await iterator.next()).value as MonitorEvent | LostEvents
    expect(ports([await next(), await next(), await next()])).toEqual([1, 2, 'lost 2'])
    ring.put(5)
    expect(ports([await next()])).toEqual([5])
  })

  it('reads also while nobody listens, so that a subscriber meets no old events', async () => {
    const ring = memoryRing()
    await using monitor = startMonitor({ ring })
    ring.put(1)
    await expect.poll(() => ring.isEmpty).toBe(true)
    const subscription = monitor.subscribe()
    ring.put(2)
    expect(ports(await take(subscription, 1))).toEqual([2])
  })

  it('takes more than a batch without a pause in between', async () => {
    const ring = memoryRing()
    await using monitor = startMonitor({ ring })
    const subscription = monitor.subscribe()
    for (let port = 0; port < 5000; port++) ring.put(port)
    expect(ports(await take(subscription, 5000))).toEqual(Array.from({ length: 5000 }, (_, port) => port))
  })

  it('ends its subscriptions after what was queued, and gives none to later ones', async () => {
    const ring = memoryRing()
    const controller = new AbortController()
    const monitor = startMonitor({ ring, signal: controller.signal })
    const subscription = monitor.subscribe()
    ring.put(1)
    await expect.poll(() => monitor.stats().records).toBe(1)
    controller.abort()
    await monitor.done
    expect(ports(await take(subscription, 9))).toEqual([1])
    expect(await take(monitor.subscribe(), 9)).toEqual([])
    expect(monitor.stats().subscribers).toBe(0)
  })

  it('says when it cannot read any more', async () => {
    const failure = new Error('unmapped')
    const monitor = startMonitor({
      ring: {
        read() {
          throw failure
        },
      },
    })
    await expect(monitor.done).rejects.toBe(failure)
  })
})

describe.runIf(isRoot)('with the real datapath', () => {
  const podIp = '10.0.0.1'
  const packet = (dport: number) =>
    ipv4Frame({ saddr: podIp, daddr: '192.0.2.9', transport: { kind: 'tcp', sport: 4000, dport } })

  it('tells of drops and new connections at the time they happen, and counts them', async () => {
    using bed = await Testbed.open({ routingMode: 'native' })
    const pod = bed.addPod({
      id: 1,
      ip: podIp,
      identity: 1001,
      rules: [{ direction: 'egress', protocol: 6, port: 443, ruleSet: 5 }],
    })
    await using monitor = startMonitor({ ring: bed.ring })
    const subscription = monitor.subscribe()
    const beforeMs = Date.now()
    for (const port of [80, 443, 443]) run(pod, 'from_pod', packet(port))
    const [dropped, allowed] = await take(subscription, 2)
    expect(dropped).toMatchObject({
      kind: 'drop',
      reason: 133,
      direction: 'egress',
      sourceAddress: podIp,
      destinationPort: 80,
      endpointId: 1,
    })
    expect(allowed).toMatchObject({ kind: 'trace', destinationPort: 443, ruleSet: 5, destinationIdentity: 2 })
    const { timeMs } = dropped as MonitorEvent
    expect(timeMs).toBeGreaterThan(beforeMs - 1000)
    expect(timeMs).toBeLessThan(Date.now() + 1000)
    expect(readMetrics(bed.map('axo_metrics'))).toEqual([
      { reason: 0, direction: 2, packets: 2n, bytes: 108n },
      { reason: 133, direction: 2, packets: 1n, bytes: 54n },
    ])
  })
})
