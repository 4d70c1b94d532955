import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ctFlags, packetReason } from './index.ts'
import { ipv4Frame, readFrame, tcpFlags } from './packet.testing.ts'
import { isRoot, run, Testbed, type TestPod, tcAction } from './testbed.testing.ts'

const podIp = '10.0.0.1'
const vip = '10.96.0.10'
const loopback = '169.254.42.1'
const backends = [
  { ip: '192.0.2.1', port: 8080 },
  { ip: '192.0.2.2', port: 8080 },
  { ip: '192.0.2.3', port: 8080 },
] as const
const { syn, ack, fin, rst } = tcpFlags

describe.runIf(isRoot)('services', () => {
  let bed: Testbed
  let pod: TestPod
  let other: TestPod
  let sport = 40_000

  beforeAll(async () => {
    bed = await Testbed.open({ routingMode: 'native' })
    pod = bed.addPod({ id: 1, ip: podIp, identity: 1001, rules: [{ direction: 'egress' }] })
    other = bed.addPod({ id: 2, ip: '10.0.0.2', identity: 1002, rules: [{ direction: 'ingress' }] })
    bed.addService({ ip: vip, port: 80, revNatIndex: 1, backends })
    bed.addService({
      ip: vip,
      port: 53,
      protocol: 17,
      revNatIndex: 2,
      backends: [{ ip: '192.0.2.4', port: 5353 }],
    })
    bed.addService({ ip: vip, port: 81, revNatIndex: 3, backends: [] })
    bed.addService({ ip: vip, port: 82, revNatIndex: 4, backends: [{ ip: podIp, port: 8080 }] })
    bed.addService({ ip: vip, port: 83, revNatIndex: 5, backends: [{ ip: other.ip, port: 8080 }] })
  })
  afterAll(() => bed[Symbol.dispose]())
  beforeEach(() => {
    sport++
    bed.events()
  })

  const send = (dport: number, flags: number = syn, from = sport) =>
    run(
      pod,
      'from_pod',
      ipv4Frame({ saddr: podIp, daddr: vip, transport: { kind: 'tcp', sport: from, dport, flags } }),
    )

  it('translates to a backend, keeps it for the connection, and translates replies back', () => {
    const first = readFrame(send(80).data)
    expect(backends.map((backend) => backend.ip)).toContain(first.daddr)
    expect(first).toMatchObject({ saddr: podIp, sport, dport: 8080, badChecksums: [] })
    for (let i = 0; i < 20; i++) expect(readFrame(send(80, ack).data).daddr).toBe(first.daddr)
    const reply = run(
      pod,
      'to_pod',
      ipv4Frame({
        saddr: first.daddr,
        daddr: podIp,
        transport: { kind: 'tcp', sport: 8080, dport: sport, flags: syn | ack, payload: Buffer.from('odd') },
      }),
    )
    expect(reply.action).toBe(tcAction.ok)
    expect(readFrame(reply.data)).toMatchObject({ saddr: vip, sport: 80, dport: sport, badChecksums: [] })
    expect(
      bed.connection({ saddr: podIp, daddr: vip, sport, dport: 80, direction: 'service' }),
    ).toMatchObject({
      forwardPackets: 21n,
      revNatIndex: 1,
    })
  })

  it('remembers the backend for a while after the client closed: the other half may still be open', () => {
    const secondsLeft = () =>
      (bed.connection({ saddr: podIp, daddr: vip, sport, dport: 80, direction: 'service' })?.expiresSeconds ??
        0) - Number(process.hrtime.bigint() / 1_000_000_000n)
    send(80)
    send(80, ack)
    expect(secondsLeft()).toBeGreaterThan(7000)
    send(80, fin | ack)
    expect(secondsLeft()).toBeLessThanOrEqual(120)
    expect(secondsLeft()).toBeGreaterThan(60)
    send(80, rst)
    expect(secondsLeft()).toBeLessThanOrEqual(10)
  })

  it('gives every backend its share', () => {
    const counts = new Map<string, number>()
    const connections = 900
    for (let i = 0; i < connections; i++) {
      const { daddr } = readFrame(send(80, syn, 1000 + i).data)
      counts.set(daddr, (counts.get(daddr) ?? 0) + 1)
    }
    const expected = connections / backends.length
    const chiSquare = backends
      .map(({ ip }) => ((counts.get(ip) ?? 0) - expected) ** 2 / expected)
      .reduce((sum, term) => sum + term)
    // Two degrees of freedom: a fair choice exceeds this once in 10^9 runs.
    expect(chiSquare).toBeLessThan(41.4)
  })

  it('chooses again when the backend is gone, and for a new connection with the same port', () => {
    bed.addService({ ip: vip, port: 84, revNatIndex: 6, backends: [{ ip: '192.0.2.7', port: 8080 }] })
    expect(readFrame(send(84).data).daddr).toBe('192.0.2.7')
    bed.removeBackend(600)
    const replacement = { ip: '192.0.2.8', port: 8080 }
    bed.addService({ ip: vip, port: 84, revNatIndex: 6, backends: [replacement], firstBackendId: 650 })
    expect(readFrame(send(84, ack).data).daddr).toBe('192.0.2.8')
    bed.addService({
      ip: vip,
      port: 84,
      revNatIndex: 6,
      backends: [{ ip: '192.0.2.9', port: 1 }],
      firstBackendId: 651,
    })
    expect(readFrame(send(84, ack).data).daddr).toBe('192.0.2.8')
    send(84, rst)
    expect(readFrame(send(84, syn).data)).toMatchObject({ daddr: '192.0.2.9', dport: 1 })
  })

  it('drops what nobody serves, with the reason', () => {
    expect(send(81).action).toBe(tcAction.shot)
    expect(bed.events()).toMatchObject([{ reason: packetReason.dropNoService, revNatIndex: 3 }])
  })

  it('asks policy about the backend, not about the service', () => {
    bed.addPrefix('192.0.2.4/32', { identity: 700 })
    bed.setRules(pod, [{ direction: 'egress', identity: 700, protocol: 17, port: 5353 }])
    const query = (withoutChecksum: boolean) =>
      run(
        pod,
        'from_pod',
        ipv4Frame({
          saddr: podIp,
          daddr: vip,
          transport: { kind: 'udp', sport, dport: 53, withoutChecksum, payload: Buffer.from('name?') },
        }),
      )
    try {
      const { action, data } = query(false)
      expect(action).toBe(tcAction.ok)
      expect(readFrame(data)).toMatchObject({ daddr: '192.0.2.4', dport: 5353, badChecksums: [] })
      const bare = readFrame(query(true).data)
      expect(bare.badChecksums).toEqual([])
      expect(bare.body.readUInt16BE(6)).toBe(0)
      expect(send(80).action).toBe(tcAction.shot)
    } finally {
      bed.setRules(pod, [{ direction: 'egress' }])
    }
  })

  it('reaches a backend on this node, whose reply seems to come from the service', () => {
    const request = send(83)
    expect(request.action).toBe(tcAction.redirect)
    expect(readFrame(request.data)).toMatchObject({ daddr: other.ip, dport: 8080, ttl: 63, badChecksums: [] })
    const reply = run(
      other,
      'from_pod',
      ipv4Frame({
        saddr: other.ip,
        daddr: podIp,
        transport: { kind: 'tcp', sport: 8080, dport: sport, flags: syn | ack },
      }),
    )
    expect(reply.action).toBe(tcAction.redirect)
    expect(readFrame(reply.data)).toMatchObject({ saddr: vip, sport: 83, daddr: podIp, badChecksums: [] })
  })

  it('lets a pod reach itself, from another address and unpoliced', () => {
    bed.setRules(pod, [])
    try {
      const request = send(82)
      expect(request.action).toBe(tcAction.redirect)
      expect(readFrame(request.data)).toMatchObject({
        destinationMac: '020000000101',
        saddr: loopback,
        daddr: podIp,
        sport,
        dport: 8080,
        badChecksums: [],
      })
      const reply = run(
        pod,
        'from_pod',
        ipv4Frame({
          saddr: podIp,
          daddr: loopback,
          transport: { kind: 'tcp', sport: 8080, dport: sport, flags: syn | ack },
        }),
      )
      expect(reply.action).toBe(tcAction.redirect)
      expect(readFrame(reply.data)).toMatchObject({
        destinationMac: '020000000101',
        saddr: vip,
        daddr: podIp,
        sport: 82,
        dport: sport,
        badChecksums: [],
      })
      expect(send(82, ack).action).toBe(tcAction.redirect)
      expect(
        bed.connection({ saddr: loopback, daddr: podIp, sport, dport: 8080, direction: 'ingress' }),
      ).toMatchObject({
        forwardPackets: 2n,
        replyPackets: 1n,
        flags: ctFlags.loopback | ctFlags.seenNonSyn,
        revNatIndex: 4,
      })
    } finally {
      bed.setRules(pod, [{ direction: 'egress' }])
    }
  })

  it('a pod that reaches itself through two services gets replies from the one it used last', () => {
    bed.addService({ ip: vip, port: 87, revNatIndex: 11, backends: [{ ip: podIp, port: 8080 }] })
    const reply = ipv4Frame({
      saddr: podIp,
      daddr: loopback,
      transport: { kind: 'tcp', sport: 8080, dport: sport, flags: syn | ack },
    })
    send(82)
    expect(readFrame(run(pod, 'from_pod', reply).data).sport).toBe(82)
    send(87)
    expect(readFrame(run(pod, 'from_pod', reply).data).sport).toBe(87)
  })

  it('does not let others use the address that a pod sees itself by', () => {
    send(82)
    bed.setRules(pod, [])
    const spoofed = ipv4Frame({
      saddr: loopback,
      daddr: podIp,
      transport: { kind: 'tcp', sport, dport: 8080, flags: ack },
    })
    expect(run(pod, 'to_pod', spoofed).action).toBe(tcAction.shot)
    bed.setRules(pod, [{ direction: 'egress' }])
  })

  it('drops a reply whose service is gone rather than to show the backend', () => {
    bed.addService({ ip: vip, port: 85, revNatIndex: 7, backends: [{ ip: '192.0.2.5', port: 8080 }] })
    send(85)
    bed.map('axo_lb4_revnat').delete(Buffer.from([7, 0]))
    const reply = ipv4Frame({
      saddr: '192.0.2.5',
      daddr: podIp,
      transport: { kind: 'tcp', sport: 8080, dport: sport, flags: syn | ack },
    })
    expect(run(pod, 'to_pod', reply).action).toBe(tcAction.shot)
    expect(bed.events().at(-1)).toMatchObject({ reason: packetReason.dropNoService })
  })

  it('translates replies for the newest of two connections that share a port and a backend', () => {
    const direct = ipv4Frame({
      saddr: podIp,
      daddr: '192.0.2.6',
      transport: { kind: 'tcp', sport, dport: 8080, flags: syn },
    })
    bed.addService({ ip: vip, port: 86, revNatIndex: 8, backends: [{ ip: '192.0.2.6', port: 8080 }] })
    const reply = () =>
      readFrame(
        run(
          pod,
          'to_pod',
          ipv4Frame({
            saddr: '192.0.2.6',
            daddr: podIp,
            transport: { kind: 'tcp', sport: 8080, dport: sport, flags: syn | ack },
          }),
        ).data,
      ).saddr
    send(86)
    expect(reply()).toBe(vip)
    run(pod, 'from_pod', direct)
    expect(reply()).toBe('192.0.2.6')
  })

  it('translates SCTP only where the port stays: its checksum covers everything', () => {
    const sctp = (dport: number) =>
      run(
        pod,
        'from_pod',
        ipv4Frame({
          saddr: podIp,
          daddr: vip,
          transport: {
            kind: 'raw',
            protocol: 132,
            bytes: Buffer.from([sport >> 8, sport & 255, dport >> 8, dport & 255, 1, 2, 3, 4, 5, 6, 7, 8]),
          },
        }),
      )
    bed.addService({
      ip: vip,
      port: 90,
      protocol: 132,
      revNatIndex: 9,
      backends: [{ ip: '192.0.2.1', port: 90 }],
    })
    bed.addService({
      ip: vip,
      port: 91,
      protocol: 132,
      revNatIndex: 10,
      backends: [{ ip: '192.0.2.1', port: 90 }],
    })
    const same = sctp(90)
    expect(same.action).toBe(tcAction.ok)
    expect(readFrame(same.data)).toMatchObject({ daddr: '192.0.2.1', badChecksums: [] })
    expect(sctp(91).action).toBe(tcAction.shot)
    expect(bed.events().at(-1)).toMatchObject({ reason: packetReason.dropUnsupportedNatProtocol })
  })
})
