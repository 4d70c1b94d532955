import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePort, matchesPort, portPrefixes } from './ports.ts'

describe('portPrefixes', () => {
  it.each([
    { first: 80, last: 80, want: ['80/16'] },
    { first: 0, last: 65_535, want: ['0/0'] },
    { first: 1, last: 65_535, want: 16 },
    { first: 32_000, last: 32_768, want: ['32000/8', '32256/7', '32768/16'] },
    { first: 5, last: 4, want: [] },
  ])('$first to $last', ({ first, last, want }) => {
    const got = portPrefixes(first, last).map((prefix) => `${prefix.port}/${prefix.portPrefixLength}`)
    expect(typeof want === 'number' ? got.length : got).toEqual(want)
  })

  it('covers exactly the range, each port once', () => {
    const port = fc.integer({ min: 0, max: 65_535 })
    fc.assert(
      fc.property(port, port, (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)]
        const prefixes = portPrefixes(first, last).map((prefix) => ({ protocol: 6, ...prefix }))
        expect(prefixes.length).toBeLessThanOrEqual(30)
        for (const at of [first - 1, first, first + 1, (first + last) >> 1, last - 1, last, last + 1]) {
          if (at < 0 || at > 65_535) continue
          const covering = prefixes.filter((prefix) => matchesPort(prefix, 6, at)).length
          expect(covering).toBe(at >= first && at <= last ? 1 : 0)
        }
      }),
    )
  })
})

describe('compilePort', () => {
  it.each([
    { item: { protocol: '', port: 53 }, want: [{ protocol: 6, port: 53, portPrefixLength: 16 }] },
    { item: { protocol: 'SCTP', port: 53 }, want: [{ protocol: 132, port: 53, portPrefixLength: 16 }] },
    { item: { protocol: 'UDP' }, want: [{ protocol: 17, port: 0, portPrefixLength: 0 }] },
    {
      item: { protocol: 'TCP', port: 8, endPort: 11 },
      want: [{ protocol: 6, port: 8, portPrefixLength: 14 }],
    },
    { item: { protocol: 'TCP', port: 'http' }, want: 'port' },
    { item: { protocol: 'TCP', port: 0 }, want: 'port' },
    { item: { protocol: 'TCP', port: 65_536 }, want: 'port' },
    { item: { protocol: 'TCP', port: 80, endPort: 79 }, want: 'endPort' },
    { item: { protocol: 'TCP', endPort: 79 }, want: 'endPort' },
    { item: { protocol: 'ICMP' }, want: 'protocol' },
  ])('$item', ({ item, want }) => {
    const got = compilePort(item)
    expect(Array.isArray(got) ? got : got.field).toEqual(want)
  })
})
