import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BpfProgram } from '@axoneme/bpf'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clangArguments, compileFile } from './clang.ts'
import { packetReason, trafficDirection } from './index.ts'
import { frame, ipv4Frame, readFrame } from './packet.testing.ts'
import { isRoot, run, Testbed, type TestPod, tcAction } from './testbed.testing.ts'

const podIp = '10.0.0.1'
const remotePodIp = '10.0.1.1'
const outsideIp = '192.0.2.9'
/** The two fields of struct __sk_buff that tests set. */
const skBuffBytes = 192
const skBuffMarkOffset = 8

describe.runIf(isRoot)("the node's devices", () => {
  let bed: Testbed
  let pod: TestPod
  let fromNetdev: BpfProgram
  let fromOverlay: BpfProgram
  let fromTunnel: BpfProgram
  let sport = 60_000

  beforeAll(async () => {
    bed = await Testbed.open({ routingMode: 'tunnel' })
    pod = bed.addPod({
      id: 1,
      ip: podIp,
      identity: 1001,
      rules: [{ direction: 'ingress', identity: 2002, ruleSet: 3 }, { direction: 'egress' }],
    })
    bed.addPod({ id: 2, ip: '10.0.0.2', identity: 1002 })
    bed.addPrefix('10.0.0.254/32', { identity: 1 })
    bed.addPrefix(`${remotePodIp}/32`, { identity: 2002, tunnel: '198.51.100.2' })
    fromNetdev = bed.deviceProgram('host', 'from_netdev')
    fromOverlay = bed.deviceProgram('overlay', 'from_overlay')
    const object = bed.loadObject(await compileTestObject('from-tunnel'))
    object.maps.next?.setProgram(0, fromOverlay)
    fromTunnel = object.programs.from_tunnel as BpfProgram
  })
  afterAll(() => bed[Symbol.dispose]())
  beforeEach(() => {
    sport++
    bed.events()
  })

  const packet = (saddr: string, daddr: string, ttl = 64) =>
    ipv4Frame({ saddr, daddr, ttl, transport: { kind: 'tcp', sport, dport: 80 } })
  const throughTunnel = (identity: number, data: Buffer) => {
    const ctxIn = Buffer.alloc(skBuffBytes)
    ctxIn.writeUInt32LE(identity, skBuffMarkOffset)
    const { retval, data: out } = fromTunnel.testRun({ data, ctxIn })
    return { action: retval, data: Buffer.from(out) }
  }

  describe('from_netdev', () => {
    const receive = (data: Buffer) => {
      const { retval, data: out } = fromNetdev.testRun({ data })
      return { action: retval, data: Buffer.from(out) }
    }

    it('delivers to a pod, with the identity that the address has', () => {
      const { action, data } = receive(packet(remotePodIp, podIp))
      expect(action).toBe(tcAction.redirect)
      expect(readFrame(data)).toMatchObject({ destinationMac: '020000000101', ttl: 63, badChecksums: [] })
      expect(bed.events()).toMatchObject([
        { type: 4, sourceIdentity: 2002, destinationIdentity: 1001, ruleSet: 3 },
      ])
    })

    it("is held to the pod's policy", () => {
      expect(receive(packet(outsideIp, podIp)).action).toBe(tcAction.shot)
      expect(bed.events()).toMatchObject([{ reason: packetReason.dropPolicy, sourceIdentity: 2 }])
    })

    it.each([
      { name: 'for others', data: () => packet(outsideIp, '203.0.113.1') },
      { name: 'that is no IPv4', data: () => frame(Buffer.alloc(40, 0x60), 0x86dd) },
      { name: 'that may go no further', data: () => packet(remotePodIp, podIp, 1) },
      { name: 'for another machine', data: () => Buffer.from(packet(remotePodIp, podIp).fill(2, 0, 6)) },
    ])('leaves a packet $name to the stack, unchanged', ({ data }) => {
      const bytes = data()
      expect(receive(bytes)).toEqual({ action: tcAction.ok, data: bytes })
      expect(bed.events()).toEqual([])
    })

    it.each([
      { saddr: '10.0.0.254', reason: packetReason.dropInvalidIdentity },
      { saddr: '10.0.0.2', reason: packetReason.dropInvalidSourceIp },
    ])('believes nobody outside to be $saddr', ({ saddr, reason }) => {
      expect(receive(packet(saddr, podIp)).action).toBe(tcAction.shot)
      expect(bed.events()).toMatchObject([{ reason, direction: trafficDirection.ingress, endpointId: 1 }])
    })
  })

  describe('from_overlay', () => {
    it('delivers to a pod, with the identity that the tunnel key has', () => {
      const { action, data } = throughTunnel(2002, packet('10.0.9.9', podIp))
      expect(action).toBe(tcAction.redirect)
      expect(readFrame(data)).toMatchObject({ ttl: 63, badChecksums: [] })
      expect(bed.events()).toMatchObject([{ sourceIdentity: 2002, endpointId: 1, ruleSet: 3 }])
      expect(throughTunnel(2003, packet('10.0.9.9', podIp)).action).toBe(tcAction.shot)
    })

    it('leaves the rest to the stack, and counts it', () => {
      const before = bed.metric(packetReason.reasonForwarded, trafficDirection.ingress)
      expect(throughTunnel(6, packet(outsideIp, '10.0.0.254')).action).toBe(tcAction.ok)
      const after = bed.metric(packetReason.reasonForwarded, trafficDirection.ingress)
      expect(after.packets - before.packets).toBe(1n)
      expect(throughTunnel(6, frame(Buffer.alloc(28), 0x0806)).action).toBe(tcAction.ok)
    })

    it.each([
      { name: 'the host', identity: 1, saddr: outsideIp, reason: packetReason.dropInvalidIdentity },
      { name: 'nobody', identity: 0, saddr: outsideIp, reason: packetReason.dropInvalidIdentity },
      {
        name: 'a pod of this node',
        identity: 1002,
        saddr: '10.0.0.2',
        reason: packetReason.dropInvalidSourceIp,
      },
    ])('believes no other node to speak for $name', ({ identity, saddr, reason }) => {
      expect(throughTunnel(identity, packet(saddr, podIp)).action).toBe(tcAction.shot)
      expect(bed.events()).toMatchObject([{ reason }])
    })

    it('drops what came through no tunnel', () => {
      expect(fromOverlay.testRun({ data: packet(outsideIp, podIp) }).retval).toBe(tcAction.shot)
      expect(bed.events()).toMatchObject([{ reason: packetReason.dropNoTunnelKey }])
    })
  })

  it('a pod sends into the tunnel what is on another node, and only that', () => {
    const remote = run(pod, 'from_pod', packet(podIp, remotePodIp))
    expect(remote.action).toBe(tcAction.redirect)
    // The packet itself is not routed here: the TTL is the other node's to decrement.
    expect(readFrame(remote.data)).toMatchObject({ daddr: remotePodIp, ttl: 64 })
    expect(run(pod, 'from_pod', packet(podIp, outsideIp)).action).toBe(tcAction.ok)
    expect(bed.events()).toMatchObject([{ destinationIdentity: 2002 }, { destinationIdentity: 2 }])
  })
})

describe.runIf(isRoot)('compile-time options', () => {
  const ping = ipv4Frame({ saddr: podIp, daddr: remotePodIp, transport: { kind: 'echo', id: 1 } })
  const rules = [{ direction: 'egress' }] as const

  it('native routing leaves packets for other nodes to the stack', async () => {
    using bed = await Testbed.open({ routingMode: 'native' })
    bed.addPrefix(`${remotePodIp}/32`, { identity: 2002, tunnel: '198.51.100.2' })
    const pod = bed.addPod({ id: 1, ip: podIp, identity: 1001, rules })
    expect(run(pod, 'from_pod', ping).action).toBe(tcAction.ok)
  })

  it('traceEveryPacket tells of every packet', async () => {
    using bed = await Testbed.open({ routingMode: 'native', traceEveryPacket: true })
    const pod = bed.addPod({ id: 1, ip: podIp, identity: 1001, rules })
    for (let i = 0; i < 3; i++) run(pod, 'from_pod', ping)
    expect(bed.events().map((event) => event.ctState)).toEqual([0, 1, 1])
  })
})

async function compileTestObject(name: string): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), `axo-object-${process.pid}-`))
  try {
    const output = join(directory, `${name}.o`)
    await compileFile({
      clang: 'clang',
      args: clangArguments({ defines: [] }),
      sourceDir: join(import.meta.dirname, '..', 'testdata'),
      file: `${name}.c`,
      output,
      signal: AbortSignal.timeout(60_000),
    })
    return readFileSync(output)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
