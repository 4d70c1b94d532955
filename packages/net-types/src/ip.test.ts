import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalCidr, cidrContains, formatIp, parseCidr, parseIp } from './ip.ts'

describe('addresses', () => {
  it('round-trips what it formats', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const bytes = parseIp(text)
        expect(bytes).toBeDefined()
        const canonical = formatIp(bytes as Uint8Array)
        expect(parseIp(canonical)).toEqual(bytes)
        expect(new URL(text.includes(':') ? `http://[${text}]` : `http://${text}`).hostname).toBe(
          text.includes(':') ? new URL(`http://[${canonical}]`).hostname : canonical,
        )
      }),
    )
  })

  it('agrees with Node on what is an address', () => {
    const nearly = fc
      .oneof(fc.ipV4(), fc.ipV6())
      .chain((text) =>
        fc.tuple(fc.constant(text), fc.nat(text.length), fc.constantFrom('', ':', '.', '0', 'g')),
      )
    fc.assert(
      fc.property(nearly, ([text, at, inserted]) => {
        const changed = text.slice(0, at) + inserted + text.slice(at + 1)
        expect(parseIp(changed) !== undefined).toBe(isIP(changed) !== 0)
      }),
    )
  })

  it.each([
    ['::', '::'],
    ['2001:db8::1', '2001:db8::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s is written %s', (text, canonical) => {
    expect(formatIp(parseIp(text) as Uint8Array)).toBe(canonical)
  })
})

describe('prefixes', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:db8::1/32', '2001:db8::/32'],
    ['10.0.0.0/33', undefined],
    ['10.0.0/8', undefined],
    ['10.0.0.0/08', undefined],
  ])('%s -> %s', (text, canonical) => {
    expect(canonicalCidr(text)).toBe(canonical)
  })

  it('contains what Node says it contains', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 32 }), fc.ipV4(), (network, length, address) => {
        const list = new BlockList()
        list.addSubnet(network, length)
        const outer = parseCidr(`${network}/${length}`)
        const inner = parseCidr(address)
        if (outer === undefined || inner === undefined) throw new Error('generated text must parse')
        expect(cidrContains(outer, inner)).toBe(list.check(address))
      }),
    )
  })
})
