import { type PacketEvent, packetEvent } from '@axoneme/bpf-programs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEvent } from './event.ts'

const record: PacketEvent = {
  timeNs: 1_500_000_000n,
  type: 1,
  reason: 133,
  direction: 2,
  family: 1,
  protocol: 6,
  tcpFlags: 2,
  ctState: 0,
  sourceIdentity: 1001,
  destinationIdentity: 2,
  saddr: Uint8Array.from([10, 0, 0, 1, ...new Array<number>(12).fill(0)]),
  daddr: Uint8Array.from([192, 0, 2, 9, ...new Array<number>(12).fill(0)]),
  sport: 40_001,
  dport: 443,
  endpointId: 7,
  revNatIndex: 0,
  ifindex: 12,
  length: 74,
  ruleSet: 0,
}

describe('decodeEvent', () => {
  it('says what the record says, in the terms of the rest of the project', () => {
    expect(decodeEvent(packetEvent.encode(record), 1_000_000)).toEqual({
      kind: 'drop',
      timeMs: 1_001_500,
      reason: 133,
      direction: 'egress',
      connection: 'new',
      family: 4,
      protocol: 6,
      tcpFlags: 2,
      sourceIdentity: 1001,
      destinationIdentity: 2,
      sourceAddress: '10.0.0.1',
      destinationAddress: '192.0.2.9',
      sourcePort: 40_001,
      destinationPort: 443,
      endpointId: 7,
      revNatIndex: 0,
      ifIndex: 12,
      length: 74,
      ruleSet: 0,
    })
  })

  it('reads IPv6 addresses whole', () => {
    const daddr = Uint8Array.from([0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 1])
    const event = decodeEvent(packetEvent.encode({ ...record, family: 2, daddr }), 0)
    expect(event).toMatchObject({ family: 6, destinationAddress: '2001:db8::1' })
  })

  it.each([
    { type: 0 },
    { type: 2 },
    { direction: 0 },
    { direction: 3 },
    { family: 0 },
    { family: 3 },
    { ctState: 4 },
    { reason: 0 },
    { type: 4 },
  ])('refuses %o', (wrong) => {
    expect(decodeEvent(packetEvent.encode({ ...record, ...wrong }), 0)).toBeUndefined()
  })

  it('keeps a reason that only a newer datapath has', () => {
    expect(decodeEvent(packetEvent.encode({ ...record, reason: 250 }), 0)?.reason).toBe(250)
  })

  it('never throws, and takes nothing of another size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 2 * packetEvent.size }), (bytes) => {
        const event = decodeEvent(bytes, 0)
        if (bytes.length !== packetEvent.size) expect(event).toBeUndefined()
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: packetEvent.size, maxLength: packetEvent.size }), (bytes) => {
        decodeEvent(bytes, 0)
      }),
    )
  })
})
