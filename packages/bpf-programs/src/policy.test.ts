import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { packetReason, trafficDirection } from './index.ts'
import { ipv4Frame, readFrame, tcpFlags } from './packet.testing.ts'
import { isRoot, type PolicyRule, run, Testbed, type TestPod, tcAction } from './testbed.testing.ts'

const client = { id: 1, ip: '10.0.0.1', identity: 1001 }
const server = { id: 2, ip: '10.0.0.2', identity: 1002 }
const outside = '192.0.2.9'

describe.runIf(isRoot)('policy', () => {
  let bed: Testbed
  let clientPod: TestPod
  let serverPod: TestPod
  let sport = 20_000

  beforeAll(async () => {
    bed = await Testbed.open({ routingMode: 'native' })
    clientPod = bed.addPod(client)
    serverPod = bed.addPod(server)
    bed.addPrefix('10.0.0.254/32', { identity: 1 })
    bed.addPrefix('192.0.2.0/24', { identity: 16_777_217 })
  })
  afterAll(() => bed[Symbol.dispose]())
  beforeEach(() => {
    sport++
    bed.events()
  })

  const syn = (to: string, dport = 80) =>
    ipv4Frame({ saddr: client.ip, daddr: to, transport: { kind: 'tcp', sport, dport } })

  const cases: readonly {
    name: string
    rules: readonly PolicyRule[]
    to?: string
    dport?: number
    action: number
    ruleSet?: number
    reason?: number
  }[] = [
    { name: 'nothing allows', rules: [], action: tcAction.shot, reason: packetReason.dropPolicy },
    {
      name: 'no enforcement',
      rules: [{ direction: 'egress' }],
      action: tcAction.ok,
    },
    {
      name: 'the other direction is allowed',
      rules: [{ direction: 'ingress' }],
      action: tcAction.shot,
      reason: packetReason.dropPolicy,
    },
    {
      name: 'peer, protocol and port',
      rules: [{ direction: 'egress', identity: 16_777_217, protocol: 6, port: 80, ruleSet: 11 }],
      action: tcAction.ok,
      ruleSet: 11,
    },
    {
      name: 'another port',
      rules: [{ direction: 'egress', identity: 16_777_217, protocol: 6, port: 81 }],
      action: tcAction.shot,
      reason: packetReason.dropPolicy,
    },
    {
      name: 'another protocol',
      rules: [{ direction: 'egress', identity: 16_777_217, protocol: 17, port: 80 }],
      action: tcAction.shot,
      reason: packetReason.dropPolicy,
    },
    {
      name: 'another peer',
      rules: [{ direction: 'egress', identity: 16_777_218 }],
      action: tcAction.shot,
      reason: packetReason.dropPolicy,
    },
    {
      name: 'a peer that nobody knows is the world',
      rules: [{ direction: 'egress', identity: 2, ruleSet: 12 }],
      to: '198.51.100.1',
      action: tcAction.ok,
      ruleSet: 12,
    },
    {
      name: 'a port range as a prefix',
      rules: [{ direction: 'egress', protocol: 6, port: 8192, portPrefixLength: 3, ruleSet: 13 }],
      dport: 16_383,
      action: tcAction.ok,
      ruleSet: 13,
    },
    {
      name: 'behind a port range',
      rules: [{ direction: 'egress', protocol: 6, port: 8192, portPrefixLength: 3 }],
      dport: 16_384,
      action: tcAction.shot,
      reason: packetReason.dropPolicy,
    },
    {
      name: "the peer's own entry explains before everybody's",
      rules: [
        { direction: 'egress', ruleSet: 14 },
        { direction: 'egress', identity: 16_777_217, ruleSet: 15 },
      ],
      action: tcAction.ok,
      ruleSet: 15,
    },
    {
      name: 'a denial for everybody beats what the peer is allowed',
      rules: [
        { direction: 'egress', protocol: 6, port: 80, deny: true, ruleSet: 16 },
        { direction: 'egress', identity: 16_777_217, ruleSet: 17 },
      ],
      action: tcAction.shot,
      reason: packetReason.dropPolicyDeny,
      ruleSet: 16,
    },
    {
      name: 'a denial for the peer beats what everybody is allowed',
      rules: [
        { direction: 'egress', ruleSet: 16 },
        { direction: 'egress', identity: 16_777_217, deny: true, ruleSet: 18 },
      ],
      action: tcAction.shot,
      reason: packetReason.dropPolicyDeny,
      ruleSet: 18,
    },
  ]

  it.each(cases)('egress: $name', ({ rules, to = outside, dport = 80, action, ruleSet = 0, reason = 0 }) => {
    bed.setRules(clientPod, rules)
    expect(run(clientPod, 'from_pod', syn(to, dport)).action).toBe(action)
    const [event] = bed.events()
    expect(event).toMatchObject({
      type: action === tcAction.shot ? 1 : 4,
      reason,
      direction: trafficDirection.egress,
      family: 1,
      protocol: 6,
      tcpFlags: tcpFlags.syn,
      ctState: 0,
      sourceIdentity: client.identity,
      endpointId: client.id,
      sport,
      dport,
      length: 54,
      ruleSet,
    })
    expect(event?.saddr.subarray(0, 5)).toEqual(Uint8Array.from([10, 0, 0, 1, 0]))
  })

  it('ingress: the peer on the same node is known by its programs, and the packet arrives rewritten', () => {
    bed.setRules(clientPod, [{ direction: 'egress', ruleSet: 1 }])
    bed.setRules(serverPod, [
      { direction: 'ingress', identity: client.identity, protocol: 6, port: 80, ruleSet: 2 },
    ])
    const { action, data } = run(clientPod, 'from_pod', syn(server.ip))
    expect(action).toBe(tcAction.redirect)
    expect(readFrame(data)).toMatchObject({
      destinationMac: '020000000102',
      sourceMac: '020000000202',
      saddr: client.ip,
      daddr: server.ip,
      ttl: 63,
      badChecksums: [],
    })
    expect(bed.events()).toMatchObject([
      { type: 4, direction: 2, endpointId: 1, ruleSet: 1, sourceIdentity: 1001, destinationIdentity: 1002 },
      { type: 4, direction: 1, endpointId: 2, ruleSet: 2, sourceIdentity: 1001, destinationIdentity: 1002 },
    ])
  })

  it('ingress: what policy does not allow is dropped at the receiver', () => {
    bed.setRules(clientPod, [{ direction: 'egress' }])
    bed.setRules(serverPod, [{ direction: 'ingress', identity: 999 }])
    const before = bed.metric(packetReason.dropPolicy, trafficDirection.ingress)
    expect(run(clientPod, 'from_pod', syn(server.ip)).action).toBe(tcAction.shot)
    expect(bed.events()).toMatchObject([{ type: 4 }, { type: 1, reason: 133, direction: 1, endpointId: 2 }])
    expect(run(clientPod, 'from_pod', syn(server.ip)).action).toBe(tcAction.shot)
    const after = bed.metric(packetReason.dropPolicy, trafficDirection.ingress)
    expect(after).toEqual({ packets: before.packets + 2n, bytes: before.bytes + 108n })
  })

  it('to_pod lets pod_policy decide, passes on, and lets the node itself in always', () => {
    const to = (saddr: string) =>
      ipv4Frame({ saddr, daddr: server.ip, transport: { kind: 'tcp', sport, dport: 80 } })
    bed.setRules(serverPod, [{ direction: 'ingress', identity: 16_777_217 }])
    expect(run(serverPod, 'to_pod', to(outside)).action).toBe(tcAction.ok)
    expect(run(serverPod, 'to_pod', to('198.51.100.1')).action).toBe(tcAction.shot)
    bed.setRules(serverPod, [])
    expect(run(serverPod, 'to_pod', to('10.0.0.254')).action).toBe(tcAction.ok)
  })

  it('to_pod drops while there is no pod_policy', () => {
    const orphan = bed.addPod({ id: 3, ip: '10.0.0.3', identity: 1003, rules: [{ direction: 'ingress' }] })
    const frame = ipv4Frame({
      saddr: outside,
      daddr: orphan.ip,
      transport: { kind: 'tcp', sport, dport: 80 },
    })
    expect(run(orphan, 'to_pod', frame).action).toBe(tcAction.ok)
    const id = Buffer.alloc(4)
    id.writeUInt32LE(orphan.id)
    bed.map('axo_policy_calls').delete(id)
    expect(run(orphan, 'to_pod', frame).action).toBe(tcAction.shot)
    expect(bed.events().at(-1)).toMatchObject({ reason: packetReason.dropMissedTailCall, endpointId: 3 })
  })

  it('the node is no exception for what a pod sends', () => {
    bed.setRules(clientPod, [])
    expect(run(clientPod, 'from_pod', syn('10.0.0.254')).action).toBe(tcAction.shot)
  })

  it('ICMP has no port: an entry for port 0 is not one for an echo id', () => {
    bed.setRules(clientPod, [{ direction: 'egress', protocol: 1, port: 513 }])
    const echo = (id: number, reply: boolean) =>
      ipv4Frame({ saddr: client.ip, daddr: outside, transport: { kind: 'echo', id, reply } })
    expect(run(clientPod, 'from_pod', echo(513, true)).action).toBe(tcAction.shot)
    bed.setRules(clientPod, [{ direction: 'egress', protocol: 1 }])
    expect(run(clientPod, 'from_pod', echo(514, false)).action).toBe(tcAction.ok)
  })
})
