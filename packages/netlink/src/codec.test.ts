import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAddress, encodeAddress } from './addresses.ts'
import {
  attribute,
  be64,
  decodeAttributes,
  nested,
  readBe64,
  readNested,
  readText,
  text,
  u32,
} from './attributes.ts'
import { MalformedNetlinkError } from './errors.ts'
import { decodeLink, encodeLink } from './link-codec.ts'
import { decodeMessages, encodeMessage, endingOf } from './message.ts'
import { decodeNeighbour, encodeNeighbour } from './neighbours.ts'
import { decodeRoute, encodeRoute, type RouteSpec } from './route-codec.ts'
import { decodeFilter } from './traffic-control.ts'

const message = (body: Buffer, { type = 0, flags = 0 } = {}) => ({ type, flags, sequence: 1, body })

describe('attributes', () => {
  it.each([
    ['u32', u32(4, 1500), '08000400dc050000'],
    ['text, padded', text(3, 'eth0'), '090003006574683000000000'],
    ['big-endian', be64(1, 7n), '0c0001000000000000000007'],
    ['nested', nested(18, u32(1, 2)), '0c0012800800010002000000'],
  ])('%s is written as the kernel reads it', (_, bytes, hex) => {
    expect(bytes.toString('hex')).toBe(hex)
  })

  it('reads back what it writes', () => {
    const inner = readNested(decodeAttributes(nested(18, text(1, 'veth'), be64(2, 1n << 40n))), 18)
    expect(inner && readText(inner, 1)).toBe('veth')
    expect(inner && readBe64(inner, 2)).toBe(1n << 40n)
  })

  it('refuses what does not fit', () => {
    expect(() => attribute(1, Buffer.alloc(65_532))).toThrow(RangeError)
  })
})

describe('messages', () => {
  it('reads back several in one datagram, padded', () => {
    const bodies = ['', 'a', 'abcde'].map((body) => Buffer.from(body))
    const datagram = Buffer.concat(bodies.map((body) => encodeMessage(message(body, { type: 16, flags: 5 }))))
    expect([...decodeMessages(datagram)]).toEqual(bodies.map((body) => message(body, { type: 16, flags: 5 })))
  })

  const errorBody = (errno: number, ...rest: Buffer[]) => {
    const code = Buffer.alloc(4)
    code.writeInt32LE(-errno)
    return Buffer.concat([code, ...rest])
  }
  const request = encodeMessage(message(Buffer.from('hello')))
  const words = text(1, 'no such thing')

  it.each([
    ['data', message(Buffer.alloc(16), { type: 16 }), undefined],
    ['an acknowledgement', message(errorBody(0, request.subarray(0, 16)), { type: 2 }), {}],
    ['an end without code', message(Buffer.alloc(0), { type: 3 }), {}],
    ['an end with a failure', message(errorBody(2), { type: 3 }), { refusal: { errno: 2 } }],
    [
      'a capped error with words',
      message(errorBody(22, request.subarray(0, 16), words), { type: 2, flags: 0x300 }),
      { refusal: { errno: 22, kernelMessage: 'no such thing' } },
    ],
    [
      'an error that repeats the request, with words',
      message(errorBody(22, request, words), { type: 2, flags: 0x200 }),
      { refusal: { errno: 22, kernelMessage: 'no such thing' } },
    ],
    [
      'the end of a dump with words',
      message(errorBody(22, words), { type: 3, flags: 0x200 }),
      { refusal: { errno: 22, kernelMessage: 'no such thing' } },
    ],
  ])('%s', (_, input, ending) => {
    expect(endingOf(input)).toEqual(ending)
  })
})

describe('hostile bytes', () => {
  const decoders = {
    messages: (bytes: Buffer) => [...decodeMessages(bytes)].map(endingOf),
    error: (bytes: Buffer) => endingOf(message(bytes, { type: 2, flags: 0x200 })),
    link: (bytes: Buffer) => decodeLink(message(bytes)),
    address: (bytes: Buffer) => decodeAddress(message(bytes)),
    route: (bytes: Buffer) => decodeRoute(message(bytes)),
    neighbour: (bytes: Buffer) => decodeNeighbour(message(bytes)),
    filter: (bytes: Buffer) => decodeFilter(message(bytes)),
  }
  const samples = [
    encodeLink({
      change: { name: 'a', mac: '02:00:00:00:00:01' },
      kind: { kind: 'veth', peer: { name: 'b' } },
    }),
    encodeAddress({ ifIndex: 1, address: '10.0.0.1' }),
    encodeRoute({
      destination: '10.0.0.0/8',
      ifIndex: 3,
      mtu: 1400,
      encap: { kind: 'ip', tunnelId: 5, destination: '10.9.9.9' },
    }),
    encodeNeighbour({ ifIndex: 1, address: '10.0.0.1', mac: '02:00:00:00:00:01' }),
  ]
  const mutated = fc
    .tuple(fc.constantFrom(...samples), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(80))
    .map(([sample, at, value, cut]) => {
      const bytes = Buffer.from(sample.subarray(0, sample.length - Math.min(cut >> 2, sample.length)))
      if (bytes.length > 0) bytes[at % bytes.length] = value
      return bytes
    })
  const anything = fc.uint8Array({ maxLength: 96 }).map((bytes) => Buffer.from(bytes))

  it.each(Object.entries(decoders))('%s: decoded or refused, never anything else', (_, decode) => {
    fc.assert(
      fc.property(fc.oneof(mutated, anything), (bytes) => {
        try {
          decode(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedNetlinkError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('round trips', () => {
  it.each<RouteSpec>([
    { destination: '10.1.0.0/16', ifIndex: 4 },
    { destination: '0.0.0.0/0', gateway: '10.0.0.1', ifIndex: 4, table: 2004, metric: 50, onLink: true },
    { destination: '2001:db8::/64', gateway: 'fe80::1', ifIndex: 4, mtu: 1450, source: '2001:db8::1' },
    {
      destination: '10.2.0.0/24',
      ifIndex: 7,
      encap: { kind: 'ip', tunnelId: 2 ** 24 - 1, destination: '192.0.2.9' },
    },
    { destination: '10.3.0.1/32', type: 'local', ifIndex: 1, table: 255, protocol: 2 },
  ])('route %o', (route) => {
    expect(decodeRoute(message(encodeRoute(route)))).toMatchObject(route)
  })

  it.each([
    ['10.0.0.0/8', 'link'],
    ['2001:db8::/32', 'global'],
  ])('a direct route to %s has scope %s', (destination, scope) => {
    expect(decodeRoute(message(encodeRoute({ destination, ifIndex: 1 }))).scope).toBe(scope)
  })

  it.each([
    ['destination', { destination: '10.0.0/8' }],
    ['gateway', { destination: '10.0.0.0/8', gateway: 'router' }],
    ['scope', { destination: '10.0.0.0/8', scope: 'far' as 'link' }],
  ])('names a bad %s', (_, route) => {
    expect(() => encodeRoute(route)).toThrow(/10\.0\.0\/8|router|far/)
  })
})
