import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { packetReason } from './index.ts'
import { frame, ipv4, ipv4Frame, readFrame, type Transport } from './packet.testing.ts'
import { isRoot, run, Testbed, type TestPod, tcAction } from './testbed.testing.ts'

const podIp = '10.0.0.1'
const peerIp = '192.0.2.9'
const vip = '10.96.0.10'

describe.runIf(isRoot)('packets', () => {
  let bed: Testbed
  let pod: TestPod
  let id = 1

  beforeAll(async () => {
    bed = await Testbed.open({ routingMode: 'native' })
    pod = bed.addPod({
      id: 1,
      ip: podIp,
      identity: 1001,
      rules: [{ direction: 'egress' }, { direction: 'ingress', protocol: 17, port: 53 }],
    })
    bed.addService({
      ip: vip,
      port: 53,
      protocol: 17,
      revNatIndex: 1,
      backends: [{ ip: peerIp, port: 5353 }],
    })
  })
  afterAll(() => bed[Symbol.dispose]())
  beforeEach(() => {
    id++
    bed.events()
  })

  const tcp: Transport = { kind: 'tcp', sport: 1, dport: 2 }
  const good = { saddr: podIp, daddr: peerIp, transport: tcp }

  it.each([
    { name: 'TCP', data: ipv4Frame(good), action: tcAction.ok },
    { name: 'IP options', data: ipv4Frame({ ...good, ipOptions: Buffer.alloc(40, 1) }), action: tcAction.ok },
    { name: 'ARP', data: frame(Buffer.alloc(28), 0x0806), action: tcAction.ok },
    {
      name: 'IPv6',
      data: frame(Buffer.alloc(40, 0x60), 0x86dd),
      action: tcAction.shot,
      reason: packetReason.dropUnknownL3,
    },
    {
      name: 'a frame of no known kind',
      data: frame(Buffer.alloc(40), 0x88cc),
      action: tcAction.shot,
      reason: packetReason.dropUnknownL3,
    },
    {
      name: "somebody else's address",
      data: ipv4Frame({ ...good, saddr: '10.0.0.2' }),
      action: tcAction.shot,
      reason: packetReason.dropInvalidSourceIp,
    },
    {
      name: 'a header length of four words',
      data: frame(Buffer.from(ipv4(good).map((byte, at) => (at === 0 ? 0x44 : byte)))),
      action: tcAction.shot,
      reason: packetReason.dropInvalidPacket,
    },
    {
      name: 'a TCP header that is cut off',
      data: ipv4Frame({ ...good, transport: { kind: 'raw', protocol: 6, bytes: Buffer.alloc(8) } }),
      action: tcAction.shot,
      reason: packetReason.dropCtInvalidHeader,
    },
    {
      name: 'a UDP header that is cut off',
      data: ipv4Frame({ ...good, transport: { kind: 'raw', protocol: 17, bytes: Buffer.alloc(3) } }),
      action: tcAction.shot,
      reason: packetReason.dropCtInvalidHeader,
    },
    {
      name: 'a protocol without connections',
      data: ipv4Frame({ ...good, transport: { kind: 'raw', protocol: 47, bytes: Buffer.alloc(16) } }),
      action: tcAction.shot,
      reason: packetReason.dropCtUnknownProtocol,
    },
    {
      name: 'an ICMP redirect',
      data: ipv4Frame({ ...good, transport: { kind: 'icmp-error', type: 5, quote: ipv4(good) } }),
      action: tcAction.shot,
      reason: packetReason.dropUnknownIcmp4Type,
    },
  ])('$name', ({ data, action, reason }) => {
    expect(run(pod, 'from_pod', data).action).toBe(action)
    if (reason !== undefined)
      expect(bed.events()).toMatchObject([{ type: 1, reason, direction: 2, endpointId: 1 }])
  })

  it('leaves a packet that may go no further to the stack, which answers', () => {
    bed.addPod({ id: 9, ip: '10.0.0.9', identity: 1009, rules: [{ direction: 'ingress' }] })
    const to = (ttl: number) => run(pod, 'from_pod', ipv4Frame({ ...good, daddr: '10.0.0.9', ttl }))
    expect(to(1).action).toBe(tcAction.ok)
    const delivered = to(2)
    expect(delivered.action).toBe(tcAction.redirect)
    expect(readFrame(delivered.data)).toMatchObject({ ttl: 1, badChecksums: [] })
  })

  it('is not delivered to a pod that is gone, and says so', () => {
    bed.addPod({ id: 8, ip: '10.0.0.8', identity: 1008 })
    const index = Buffer.from([8, 0, 0, 0])
    bed.map('axo_policy_calls').delete(index)
    expect(run(pod, 'from_pod', ipv4Frame({ ...good, daddr: '10.0.0.8' })).action).toBe(tcAction.shot)
    expect(bed.events().at(-1)).toMatchObject({ reason: packetReason.dropMissedTailCall })
  })

  it('is not taken by a pod whose address it does not carry', () => {
    expect(run(pod, 'to_pod', ipv4Frame({ ...good, saddr: peerIp, daddr: '10.0.0.77' })).action).toBe(
      tcAction.shot,
    )
    expect(bed.events()).toMatchObject([{ reason: packetReason.dropUnroutableIp }])
  })

  describe('fragments', () => {
    const datagram = { kind: 'udp', sport: 5000, dport: 53, payload: Buffer.alloc(24, 7) } as const
    const first = (saddr: string, daddr: string) =>
      ipv4Frame({ saddr, daddr, transport: datagram, id, moreFragments: true })
    const later = (saddr: string, daddr: string) =>
      ipv4Frame({
        saddr,
        daddr,
        transport: { kind: 'raw', protocol: 17, bytes: Buffer.alloc(16, 9) },
        id,
        fragmentOffset: 4,
      })

    it('follow the first one, which alone has ports', () => {
      expect(run(pod, 'to_pod', later(peerIp, podIp)).action).toBe(tcAction.shot)
      expect(bed.events()).toMatchObject([{ reason: packetReason.dropFragmentNotFound }])
      expect(run(pod, 'to_pod', first(peerIp, podIp)).action).toBe(tcAction.ok)
      expect(run(pod, 'to_pod', later(peerIp, podIp)).action).toBe(tcAction.ok)
    })

    it('of another datagram do not', () => {
      run(pod, 'to_pod', first(peerIp, podIp))
      id++
      expect(run(pod, 'to_pod', later(peerIp, podIp)).action).toBe(tcAction.shot)
    })

    it('go to the same backend, and only addresses are translated in them', () => {
      const head = run(pod, 'from_pod', first(podIp, vip))
      const tail = run(pod, 'from_pod', later(podIp, vip))
      expect(readFrame(head.data)).toMatchObject({ daddr: peerIp, dport: 5353, badChecksums: [] })
      const read = readFrame(tail.data, { hasWholeTransport: false })
      expect(read).toMatchObject({ daddr: peerIp, badChecksums: [] })
      expect(read.body).toEqual(Buffer.alloc(16, 9))
    })

    it('are not remembered for a forged source', () => {
      run(pod, 'from_pod', first('10.0.0.2', peerIp))
      expect(
        [...bed.map('axo_frag4').entries()].every(([key]) => key.subarray(0, 4).join('.') !== '10.0.0.2'),
      ).toBe(true)
    })
  })
})
