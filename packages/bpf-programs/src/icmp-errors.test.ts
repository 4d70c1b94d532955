import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ctState, packetReason } from './index.ts'
import { ipv4, ipv4Frame, readFrame, readIpv4, type Transport, tcpFlags } from './packet.testing.ts'
import { isRoot, run, Testbed, type TestPod, tcAction } from './testbed.testing.ts'

const podIp = '10.0.0.1'
const backendIp = '192.0.2.1'
const routerIp = '198.51.100.1'
const vip = '10.96.0.10'
const loopback = '169.254.42.1'

describe.runIf(isRoot)('ICMP errors', () => {
  let bed: Testbed
  let pod: TestPod
  let sport = 50_000

  beforeAll(async () => {
    bed = await Testbed.open({ routingMode: 'native' })
    pod = bed.addPod({
      id: 1,
      ip: podIp,
      identity: 1001,
      rules: [{ direction: 'egress' }, { direction: 'ingress', protocol: 17, port: 53 }],
    })
    bed.addService({ ip: vip, port: 80, revNatIndex: 1, backends: [{ ip: backendIp, port: 8080 }] })
    bed.addService({
      ip: vip,
      port: 53,
      protocol: 17,
      revNatIndex: 2,
      backends: [{ ip: backendIp, port: 5353 }],
    })
    bed.addService({ ip: vip, port: 54, protocol: 17, revNatIndex: 3, backends: [{ ip: podIp, port: 5353 }] })
  })
  afterAll(() => bed[Symbol.dispose]())
  beforeEach(() => {
    sport++
    bed.events()
  })

  const error = (from: string, to: string, quote: Buffer) =>
    ipv4Frame({ saddr: from, daddr: to, transport: { kind: 'icmp-error', type: 3, code: 4, quote } })
  const quoteOf = (data: Buffer) => {
    const outer = readFrame(data)
    expect(outer.badChecksums).toEqual([])
    return readIpv4(outer.body.subarray(8))
  }

  it('about no connection are dropped', () => {
    const quote = ipv4({ saddr: podIp, daddr: backendIp, transport: { kind: 'udp', sport, dport: 1 } })
    expect(run(pod, 'to_pod', error(routerIp, podIp, quote)).action).toBe(tcAction.shot)
    expect(bed.events()).toMatchObject([{ reason: packetReason.dropUnknownCt, ctState: ctState.related }])
  })

  it('about a connection of the pod pass as they are, whoever sends them', () => {
    const sent = ipv4Frame({ saddr: podIp, daddr: backendIp, transport: { kind: 'udp', sport, dport: 1 } })
    run(pod, 'from_pod', sent)
    const data = error(routerIp, podIp, sent.subarray(14))
    const result = run(pod, 'to_pod', data)
    expect(result.action).toBe(tcAction.ok)
    expect(result.data).toEqual(data)
  })

  it('about what the pod answered, and those that the pod sends about what it got, pass', () => {
    const got = ipv4Frame({ saddr: backendIp, daddr: podIp, transport: { kind: 'udp', sport, dport: 53 } })
    expect(run(pod, 'to_pod', got).action).toBe(tcAction.ok)
    const answer = ipv4({
      saddr: podIp,
      daddr: backendIp,
      transport: { kind: 'udp', sport: 53, dport: sport },
    })
    expect(run(pod, 'to_pod', error(routerIp, podIp, answer)).action).toBe(tcAction.ok)
    expect(run(pod, 'from_pod', error(podIp, backendIp, got.subarray(14))).action).toBe(tcAction.ok)
  })

  it('about an echo request pass', () => {
    const sent = ipv4Frame({ saddr: podIp, daddr: backendIp, transport: { kind: 'echo', id: sport } })
    run(pod, 'from_pod', sent)
    expect(run(pod, 'to_pod', error(routerIp, podIp, sent.subarray(14))).action).toBe(tcAction.ok)
  })

  const transports: readonly { name: string; dport: number; transport: (dport: number) => Transport }[] = [
    { name: 'TCP', dport: 80, transport: (dport) => ({ kind: 'tcp', sport, dport, flags: tcpFlags.syn }) },
    {
      name: 'UDP',
      dport: 53,
      transport: (dport) => ({ kind: 'udp', sport, dport, payload: Buffer.from('odd') }),
    },
    {
      name: 'UDP without checksum',
      dport: 53,
      transport: (dport) => ({ kind: 'udp', sport, dport, withoutChecksum: true }),
    },
  ]

  it.each(transports)(
    'quote what the pod sent to the service, not to its backend: $name',
    ({ dport, transport }) => {
      const sent = ipv4Frame({ saddr: podIp, daddr: vip, transport: transport(dport) })
      const translated = run(pod, 'from_pod', sent).data
      for (const from of [backendIp, routerIp]) {
        const result = run(pod, 'to_pod', error(from, podIp, translated.subarray(14)))
        expect(result.action).toBe(tcAction.ok)
        expect(readFrame(result.data).saddr).toBe(from === backendIp ? vip : routerIp)
        expect(quoteOf(result.data)).toMatchObject({
          saddr: podIp,
          daddr: vip,
          sport,
          dport,
          badChecksums: [],
        })
        // Translated back it is the packet that was sent, byte for byte.
        expect(readFrame(result.data).body.subarray(8)).toEqual(sent.subarray(14))
      }
    },
  )

  it('are translated also when they quote no more than eight bytes', () => {
    const sent = ipv4Frame({ saddr: podIp, daddr: vip, transport: { kind: 'tcp', sport, dport: 80 } })
    const translated = run(pod, 'from_pod', sent).data
    const result = run(pod, 'to_pod', error(routerIp, podIp, translated.subarray(14, 14 + 28)))
    const outer = readFrame(result.data)
    expect(outer.badChecksums).toEqual([])
    expect(outer.body.subarray(8)).toEqual(sent.subarray(14, 14 + 28))
  })

  it('that a pod sends about the answer of a service reach the backend', () => {
    run(
      pod,
      'from_pod',
      ipv4Frame({ saddr: podIp, daddr: vip, transport: { kind: 'udp', sport, dport: 53 } }),
    )
    const answer = ipv4Frame({
      saddr: backendIp,
      daddr: podIp,
      transport: { kind: 'udp', sport: 5353, dport: sport, payload: Buffer.from('late') },
    })
    const seen = run(pod, 'to_pod', answer).data
    const result = run(pod, 'from_pod', error(podIp, vip, seen.subarray(14)))
    expect(result.action).toBe(tcAction.ok)
    expect(readFrame(result.data)).toMatchObject({ saddr: podIp, daddr: backendIp })
    expect(readFrame(result.data).body.subarray(8)).toEqual(answer.subarray(14))
    expect(quoteOf(result.data).badChecksums).toEqual([])
  })

  it('of a pod to itself are translated on both sides', () => {
    const sent = ipv4Frame({ saddr: podIp, daddr: vip, transport: { kind: 'udp', sport, dport: 54 } })
    const seen = run(pod, 'from_pod', sent)
    expect(readFrame(seen.data)).toMatchObject({ saddr: loopback, daddr: podIp, dport: 5353 })
    const result = run(pod, 'from_pod', error(podIp, loopback, seen.data.subarray(14)))
    expect(result.action).toBe(tcAction.redirect)
    expect(readFrame(result.data)).toMatchObject({ saddr: vip, daddr: podIp })
    expect(quoteOf(result.data)).toMatchObject({
      saddr: podIp,
      daddr: vip,
      sport,
      dport: 54,
      badChecksums: [],
    })
  })

  it.each([
    { name: 'cut off in the quoted header', bytes: 12 },
    { name: 'cut off in the quoted ports', bytes: 22 },
  ])('$name are dropped', ({ bytes }) => {
    const sent = ipv4Frame({ saddr: podIp, daddr: backendIp, transport: { kind: 'udp', sport, dport: 1 } })
    run(pod, 'from_pod', sent)
    expect(run(pod, 'to_pod', error(routerIp, podIp, sent.subarray(14, 14 + bytes))).action).toBe(
      tcAction.shot,
    )
    expect(bed.events().at(-1)).toMatchObject({ reason: packetReason.dropCtInvalidHeader })
  })
})
