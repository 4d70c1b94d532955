import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ct4Key, ctEntry, ctFlags, ctState, packetReason } from './index.ts'
import { ipNumber, ipv4Frame, tcpFlags } from './packet.testing.ts'
import { isRoot, run, Testbed, type TestPod, tcAction } from './testbed.testing.ts'

const podIp = '10.0.0.1'
const peerIp = '192.0.2.9'
const { syn, ack, fin, rst } = tcpFlags

describe.runIf(isRoot)('connections', () => {
  let bed: Testbed
  let pod: TestPod
  let sport = 30_000

  beforeAll(async () => {
    bed = await Testbed.open({ routingMode: 'native' })
    pod = bed.addPod({ id: 1, ip: podIp, identity: 1001 })
    bed.addPrefix('192.0.2.0/24', { identity: 500 })
  })
  afterAll(() => bed[Symbol.dispose]())
  beforeEach(() => {
    sport++
    bed.setRules(pod, [{ direction: 'egress', identity: 500, ruleSet: 5 }])
    bed.events()
  })

  const out = (flags: number) =>
    run(
      pod,
      'from_pod',
      ipv4Frame({ saddr: podIp, daddr: peerIp, transport: { kind: 'tcp', sport, dport: 80, flags } }),
    ).action
  const back = (flags: number) =>
    run(
      pod,
      'to_pod',
      ipv4Frame({
        saddr: peerIp,
        daddr: podIp,
        transport: { kind: 'tcp', sport: 80, dport: sport, flags },
      }),
    ).action
  const entry = () => bed.connection({ saddr: podIp, daddr: peerIp, sport, dport: 80, direction: 'egress' })
  const secondsLeft = () => (entry()?.expiresSeconds ?? 0) - Number(process.hrtime.bigint() / 1_000_000_000n)

  it('lets replies pass that no policy allows, and only while the connection exists', () => {
    expect(back(syn | ack)).toBe(tcAction.shot)
    expect(out(syn)).toBe(tcAction.ok)
    expect(back(syn | ack)).toBe(tcAction.ok)
    expect(out(ack)).toBe(tcAction.ok)
    expect(entry()).toMatchObject({
      forwardPackets: 2n,
      forwardBytes: 108n,
      replyPackets: 1n,
      replyBytes: 54n,
      peerIdentity: 500,
      ruleSet: 5,
      endpointId: 1,
      revNatIndex: 0,
      flags: ctFlags.seenNonSyn,
      forwardTcpFlags: syn | ack,
      replyTcpFlags: syn | ack,
    })
    // One trace event for the connection; replies and later packets cause none.
    expect(bed.events().map((event) => [event.type, event.ctState])).toEqual([
      [1, ctState.new],
      [4, ctState.new],
    ])
  })

  it('has a short life until the handshake is over, a long one after, a short one when both sides closed', () => {
    const near = (seconds: number) => expect(Math.abs(secondsLeft() - seconds)).toBeLessThanOrEqual(2)
    out(syn)
    near(60)
    back(syn | ack)
    near(60)
    out(ack)
    near(8000)
    out(fin | ack)
    near(8000)
    back(fin | ack)
    near(10)
    expect(entry()?.flags).toBe(ctFlags.seenNonSyn | ctFlags.forwardClosed | ctFlags.replyClosed)
  })

  it('is over for both sides at a reset', () => {
    out(syn)
    back(rst | ack)
    expect(secondsLeft()).toBeLessThanOrEqual(10)
  })

  it('starts anew at a SYN after a close: policy is asked again and the counters begin at one', () => {
    for (const step of [() => out(syn), () => back(syn | ack), () => out(fin | ack), () => back(fin | ack)])
      expect(step()).toBe(tcAction.ok)
    expect(out(syn)).toBe(tcAction.ok)
    expect(entry()).toMatchObject({ forwardPackets: 1n, replyPackets: 0n, flags: 0 })
    expect(bed.events().filter((event) => event.type === 4)).toHaveLength(2)
  })

  it('makes room for a connection that the other side opens with the same ports', () => {
    for (const step of [() => out(syn), () => back(rst | ack)]) expect(step()).toBe(tcAction.ok)
    bed.setRules(pod, [{ direction: 'ingress' }, { direction: 'egress' }])
    expect(back(syn)).toBe(tcAction.ok)
    expect(entry()).toBeUndefined()
    const tuple = { saddr: peerIp, daddr: podIp, sport: 80, dport: sport }
    expect(bed.connection({ ...tuple, direction: 'ingress' })).toMatchObject({ forwardPackets: 1n })
    expect(out(syn | ack)).toBe(tcAction.ok)
    expect(bed.connection({ ...tuple, direction: 'ingress' })).toMatchObject({ replyPackets: 1n })
  })

  it('does not exist after its time', () => {
    out(syn)
    const key = ct4Key.encode({
      saddr: ipNumber(podIp),
      daddr: ipNumber(peerIp),
      sport,
      dport: 80,
      protocol: 6,
      direction: 0,
    })
    bed.map('axo_ct4').update(key, ctEntry.encode({ ...entry()!, expiresSeconds: 1 }))
    expect(back(syn | ack)).toBe(tcAction.shot)
    expect(out(ack)).toBe(tcAction.ok)
    expect(entry()).toMatchObject({ forwardPackets: 1n })
  })

  it('is asked again in its own direction when the policy changed, and ends with its permission', () => {
    out(syn)
    back(syn | ack)
    bed.setRules(pod, [{ direction: 'egress', identity: 500, ruleSet: 6 }])
    expect(out(ack)).toBe(tcAction.ok)
    const asked = entry()
    expect(asked).toMatchObject({ ruleSet: 6, forwardPackets: 2n })
    // The answer is remembered: the change is not asked about again.
    for (const [key] of [...pod.policy.entries()]) pod.policy.delete(key)
    expect(out(ack)).toBe(tcAction.ok)
    expect(entry()?.policyEpoch).toBe(asked?.policyEpoch)
    bed.setRules(pod, [])
    expect(out(ack)).toBe(tcAction.shot)
    expect(back(ack)).toBe(tcAction.shot)
    expect(out(ack)).toBe(tcAction.shot)
  })

  it('is not revived as a connection of the other side, whose policy would allow that', () => {
    out(syn)
    back(syn | ack)
    bed.setRules(pod, [{ direction: 'ingress', identity: 500, ruleSet: 7 }])
    expect([out(ack), back(ack), out(ack), back(ack)]).toEqual(Array(4).fill(tcAction.shot))
    // When it is allowed again it goes on.
    bed.setRules(pod, [{ direction: 'egress', identity: 500, ruleSet: 5 }])
    expect([out(ack), back(ack)]).toEqual([tcAction.ok, tcAction.ok])
  })

  it('is asked again by its replies as well: a stream that only comes in ends too', () => {
    out(syn)
    back(syn | ack)
    bed.setRules(pod, [])
    expect(back(ack)).toBe(tcAction.shot)
    expect(entry()).toMatchObject({ replyPackets: 1n })
    expect(bed.events().at(-1)).toMatchObject({
      reason: packetReason.dropPolicy,
      direction: 1,
      ctState: ctState.reply,
    })
  })

  it("is asked again when the peer's identity changed, though the policy did not", () => {
    out(syn)
    bed.addPrefix(`${peerIp}/32`, { identity: 501 })
    try {
      expect(out(ack)).toBe(tcAction.shot)
    } finally {
      bed.addPrefix(`${peerIp}/32`, { identity: 500 })
    }
  })

  it('is not asked again while nothing changed', () => {
    out(syn)
    for (const [key] of [...pod.policy.entries()]) pod.policy.delete(key)
    expect(out(ack)).toBe(tcAction.ok)
    expect(back(ack)).toBe(tcAction.ok)
  })

  it('tracks echo by its id', () => {
    const echo = (id: number, reply: boolean, inwards: boolean) =>
      run(
        pod,
        inwards ? 'to_pod' : 'from_pod',
        ipv4Frame({
          saddr: inwards ? peerIp : podIp,
          daddr: inwards ? podIp : peerIp,
          transport: { kind: 'echo', id, reply },
        }),
      ).action
    expect(echo(9, true, true)).toBe(tcAction.shot)
    expect(echo(9, false, false)).toBe(tcAction.ok)
    expect(echo(10, true, true)).toBe(tcAction.shot)
    expect(echo(9, true, true)).toBe(tcAction.ok)
    // The peer's own request is another connection.
    expect(echo(9, false, true)).toBe(tcAction.shot)
  })

  it('keeps UDP apart from TCP', () => {
    out(syn)
    const udp = ipv4Frame({
      saddr: peerIp,
      daddr: podIp,
      transport: { kind: 'udp', sport: 80, dport: sport },
    })
    expect(run(pod, 'to_pod', udp).action).toBe(tcAction.shot)
  })
})
