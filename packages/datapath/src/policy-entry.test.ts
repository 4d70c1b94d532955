import { describe, expect, it } from 'vitest'
import { createPolicyEncoder, encodePolicyEntry, ruleSetId } from './policy-entry.ts'
import { policyEntry } from './testing/rows.ts'

// struct policy_key: prefix length and identity in host order, direction, protocol, port in network order.
it.each([
  ['everything received', { direction: 'ingress' }, '28000000 00000000 00 00 0000'],
  ['everything sent', { direction: 'egress' }, '28000000 00000000 01 00 0000'],
  ['one peer', { direction: 'ingress', identity: 0x01020304 }, '28000000 04030201 00 00 0000'],
  ['a protocol', { direction: 'ingress', identity: 5, protocol: 17 }, '30000000 05000000 00 11 0000'],
  ['a port', { direction: 'egress', identity: 5, protocol: 6, port: 8080 }, '40000000 05000000 01 06 1f90'],
  [
    'a port range',
    { direction: 'ingress', protocol: 6, port: 0x1f00, portPrefixLength: 8 },
    '38000000 00000000 00 06 1f00',
  ],
  [
    'the range of the first bit',
    { direction: 'ingress', protocol: 132, port: 0x8000, portPrefixLength: 1 },
    '31000000 00000000 00 84 8000',
  ],
] as const)('%s', (_, entry, key) => {
  const encoded = encodePolicyEntry(policyEntry(entry))
  expect(encoded.key.toString('hex')).toBe(key.replaceAll(' ', ''))
  expect(encoded.value.toString('hex')).toBe('0000000000000000')
})

describe('ruleSetId', () => {
  it('is 0 without rules, and otherwise names them for good', () => {
    expect(ruleSetId([])).toBe(0)
    // printf 'default/a\ndefault/b' | sha256sum | cut -c1-8
    expect(ruleSetId(['default/a', 'default/b'])).toBe(0x11bc575b)
    expect(ruleSetId(['default/a'])).not.toBe(ruleSetId(['default/b']))
    expect(ruleSetId(['a', 'b'])).not.toBe(ruleSetId(['ab']))
  })

  it('is in the entry’s value', () => {
    const rules = ['default/a']
    const { value } = encodePolicyEntry(policyEntry({ direction: 'ingress', rules }))
    expect(value.readUInt32LE()).toBe(ruleSetId(rules))
  })
})

it('encodes an entry once', () => {
  const encode = createPolicyEncoder()
  const entry = policyEntry({ direction: 'ingress', identity: 7 })
  expect(encode(entry)).toEqual(encodePolicyEntry(entry))
  expect(encode(entry)).toBe(encode(entry))
  expect(encode({ ...entry, identity: 8 }).key).not.toEqual(encode(entry).key)
})
