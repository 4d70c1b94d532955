import type { BpfMap } from '@axoneme/bpf'
import type { IpcacheRow } from '@axoneme/ipcache'
import { describe, expect, it } from 'vitest'
import { encodeIpcacheKey, ipcacheTarget } from './ipcache-target.ts'
import { isRoot } from './testing/test-cluster.ts'
import { testMap } from './testing/test-maps.ts'

// struct ipcache_key: prefix length in host order counting from the padding, padding, family, address.
it.each([
  ['10.1.2.3/32', '40000000 000000 01 0a010203 000000000000000000000000'],
  ['10.1.0.0/16', '30000000 000000 01 0a010000 000000000000000000000000'],
  ['0.0.0.0/0', '20000000 000000 01 00000000 000000000000000000000000'],
  ['2001:db8::/32', '40000000 000000 02 20010db8 000000000000000000000000'],
])('key of %s', (cidr, bytes) => {
  expect(encodeIpcacheKey(cidr).toString('hex')).toBe(bytes.replaceAll(' ', ''))
})

const row = (cidr: string, identity: number, tunnelEndpoint = ''): IpcacheRow => ({
  cidr,
  identity,
  tunnelEndpoint,
  encryptKey: 0,
})
const shown = (map: BpfMap, cidr: string) => map.lookup(encodeIpcacheKey(cidr))?.toString('hex')

describe.runIf(isRoot)('ipcacheTarget', () => {
  const { signal } = new AbortController()

  it('writes, changes, deletes and prunes', async () => {
    using map = testMap('axo_ipcache')
    const target = ipcacheTarget(map)
    await target.update(row('10.1.0.0/16', 2, '192.0.2.7'), signal)
    await target.update(row('10.1.2.3/32', 300), signal)
    expect(shown(map, '10.1.9.9/32')).toBe('02000000c000020700000000')
    expect(shown(map, '10.1.2.3/32')).toBe('2c0100000000000000000000')
    await target.update(row('10.1.2.3/32', 301), signal)
    expect(shown(map, '10.1.2.3/32')).toBe('2d0100000000000000000000')
    await target.delete('10.1.2.3/32', row('10.1.2.3/32', 301), signal)
    await target.delete('10.1.2.3/32', row('10.1.2.3/32', 301), signal)
    expect(shown(map, '10.1.2.3/32')).toBe('02000000c000020700000000')
    await target.update(row('10.2.0.0/16', 5), signal)
    await target.prune?.([row('10.2.0.0/16', 5)], signal)
    expect(Array.from(map.entries(), ([key]) => key)).toEqual([encodeIpcacheKey('10.2.0.0/16')])
  })

  it('prunes no prefix for its spelling', async () => {
    using map = testMap('axo_ipcache')
    const target = ipcacheTarget(map)
    const rows = [row('fd00:0:0::1/128', 5), row('10.1.2.3/16', 6), row('::/0', 2)]
    for (const each of rows) await target.update(each, signal)
    await target.prune?.(rows, signal)
    expect([...map.entries()]).toHaveLength(3)
    await target.prune?.(rows.slice(1), signal)
    expect([...map.entries()]).toHaveLength(2)
  })

  it.each([
    [row('10.1.2.300/32', 5), 'encode ipcache prefix 10.1.2.300/32: not a prefix'],
    [row('10.1.2.3/32', 5, '::1'), 'encode ipcache entry 10.1.2.3/32: tunnel endpoint ::1'],
  ])('refuses %s', (bad, message) => {
    using map = testMap('axo_ipcache')
    expect(() => ipcacheTarget(map).update(bad, signal)).toThrow(message)
    expect([...map.entries()]).toEqual([])
  })
})
