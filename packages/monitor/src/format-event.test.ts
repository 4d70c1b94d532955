import { describe, expect, it } from 'vitest'
import type { MonitorEvent } from './event.ts'
import { type EventLookups, formatEvent } from './format-event.ts'

const dropped: MonitorEvent = {
  kind: 'drop',
  timeMs: Date.UTC(2026, 10, 22, 22, 14, 16, 123),
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
}

const lookups: EventLookups = {
  podByAddress: (address) => (address === '10.0.0.1' ? 'default/web' : undefined),
  identityName: (identity) => (identity === 2 ? 'world' : undefined),
  rulesOf: (ruleSet) => (ruleSet === 5 ? ['default/allow-web', 'default/allow-dns'] : undefined),
  serviceByRevNat: (index) => (index === 3 ? 'kube-system/dns' : undefined),
}

describe('formatEvent', () => {
  it.each([
    {
      name: 'a drop',
      event: {},
      line: '22:14:16.123 DROPPED egress default/web:40001 (id 1001) -> 192.0.2.9:443 (world) TCP SYN: Policy denied',
    },
    {
      name: 'a connection that rules allowed',
      event: { kind: 'trace', reason: 0, ruleSet: 5, tcpFlags: 0x12 },
      line: '22:14:16.123 ALLOWED egress default/web:40001 (id 1001) -> 192.0.2.9:443 (world) TCP SYN,ACK: by default/allow-web, default/allow-dns',
    },
    {
      name: 'names that nobody knows any more',
      event: { ruleSet: 6, revNatIndex: 9, reason: 181, tcpFlags: 0 },
      line: '22:14:16.123 DROPPED egress default/web:40001 (id 1001) -> 192.0.2.9:443 (world) TCP: Policy denied by denylist, by rule set 6, service 9',
    },
    {
      name: 'a service, an established connection and no identity',
      event: {
        kind: 'trace',
        reason: 0,
        protocol: 17,
        tcpFlags: 0,
        revNatIndex: 3,
        connection: 'reply',
        destinationIdentity: 0,
      },
      line: '22:14:16.123 ALLOWED egress default/web:40001 (id 1001) -> 192.0.2.9:443 UDP reply: service kube-system/dns',
    },
    {
      name: 'a packet that was dropped before it was read',
      event: {
        protocol: 0,
        tcpFlags: 0,
        reason: 139,
        sourceAddress: '0.0.0.0',
        destinationAddress: '0.0.0.0',
        destinationIdentity: 0,
      },
      line: '22:14:16.123 DROPPED egress 0.0.0.0 (id 1001) -> 0.0.0.0 unknown protocol: Unsupported L3 protocol',
    },
    {
      name: 'IPv6',
      event: { family: 6, destinationAddress: '2001:db8::1' },
      line: '22:14:16.123 DROPPED egress default/web:40001 (id 1001) -> [2001:db8::1]:443 (world) TCP SYN: Policy denied',
    },
  ] satisfies { name: string; event: Partial<MonitorEvent>; line: string }[])('$name', ({ event, line }) => {
    expect(formatEvent({ ...dropped, ...event } as MonitorEvent, lookups)).toBe(line)
  })

  it('needs no lookups', () => {
    expect(formatEvent(dropped)).toContain('10.0.0.1:40001 (id 1001) -> 192.0.2.9:443 (id 2)')
  })

  it('lets no name write to the terminal', () => {
    const line = formatEvent(dropped, { podByAddress: () => 'a\u001b[2J\nb' })
    expect(line).toContain('a?[2J?b:40001')
  })

  it('says how many events are missing', () => {
    expect(formatEvent({ kind: 'lost', count: 12 })).toBe('... 12 events lost: the reader was too slow')
  })
})
