import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, createNetns, deleteNetns, openNetns, syscall, withNetns } from '@axoneme/syscalls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isExists, isNotFound, NetlinkError } from './errors.ts'
import { type Netlink, openNetlink } from './netlink.ts'
import type { NetlinkEvent } from './socket.ts'
import { readSysctl, writeSysctl } from './sysctl.ts'

const failureOf = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('did not fail')
}

describe.runIf(process.getuid?.() === 0)('netlink', () => {
  let directory: string
  let node: string
  let pod: string
  let netlink: Netlink
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'axo-netlink-'))
    node = join(directory, 'node')
    pod = join(directory, 'pod')
    createNetns(node)
    createNetns(pod)
    netlink = openNetlink({ netns: node })
  })
  afterEach(() => {
    netlink[Symbol.dispose]()
    deleteNetns(pod)
    deleteNetns(node)
    rmSync(directory, { recursive: true })
  })
  /** What iproute2 says: a second implementation. */
  const ip = (...args: string[]): Record<string, unknown>[] =>
    JSON.parse(withNetns(node, () => execFileSync('ip', ['-d', '-j', ...args], { encoding: 'utf8' })))
  const bridge = (name: string, address?: string) => {
    const link = netlink.addBridge({ name, up: true })
    if (address !== undefined) netlink.addAddress({ ifIndex: link.ifIndex, address, prefixLength: 24 })
    return link
  }

  describe('links', () => {
    it('lists what iproute2 lists', () => {
      bridge('br0')
      netlink.addVeth({ name: 'v0', peerName: 'v1' })
      const ours = netlink
        .links()
        .map(({ ifIndex, name, mtu, mac, up, kind }) => ({ ifIndex, name, mtu, mac, up, kind }))
      const theirs = ip('link').map((link) => ({
        ifIndex: link.ifindex,
        name: link.ifname,
        mtu: link.mtu,
        mac: link.link_type === 'ether' ? link.address : '00:00:00:00:00:00',
        up: (link.flags as string[]).includes('UP'),
        kind: (link.linkinfo as { info_kind?: string } | undefined)?.info_kind,
      }))
      expect(ours).toEqual(theirs)
    })

    it('makes a pair of which one end is in another namespace', async () => {
      const link = netlink.addVeth({
        name: 'axo1',
        mac: '02:00:00:00:00:01',
        mtu: 1450,
        up: true,
        peerName: 'eth0',
        peerNetns: pod,
        peerMac: '02:00:00:00:00:02',
        peerUp: true,
      })
      using inside = openNetlink({ netns: pod })
      const peer = inside.linkByName('eth0')
      expect(link).toMatchObject({ kind: 'veth', mac: '02:00:00:00:00:01', mtu: 1450, up: true })
      expect(peer).toMatchObject({ mac: '02:00:00:00:00:02', mtu: 1450, up: true })
      // The kernel sees to the carrier in a work queue.
      await expect.poll(() => inside.linkByName('eth0')?.running).toBe(true)
      expect(link.peerIfIndex).toBe(peer?.ifIndex)
      expect(link.peerNetnsId).toBeTypeOf('number')
    })

    it('makes a pair of which both ends are here, up or down', () => {
      netlink.addVeth({ name: 'a0', up: true, peerName: 'a1', peerUp: true })
      netlink.addVeth({ name: 'b0', peerName: 'b1' })
      const up = (name: string) => netlink.linkByName(name)?.up
      expect(['a0', 'a1', 'b0', 'b1'].map(up)).toEqual([true, true, false, false])
    })

    it('leaves nothing when the peer has no place', () => {
      using inside = openNetlink({ netns: pod })
      inside.addBridge({ name: 'eth0' })
      const error = failureOf(() => netlink.addVeth({ name: 'axo1', peerName: 'eth0', peerNetns: pod }))
      expect(isExists(error)).toBe(true)
      expect(netlink.linkByName('axo1')).toBeUndefined()
    })

    it('changes, moves and renames', () => {
      const { ifIndex } = netlink.addVeth({ name: 'v0', peerName: 'v1' })
      const { ifIndex: master } = bridge('br0')
      netlink.setLink({ ifIndex, up: true, mtu: 1400, mac: '02:00:00:00:00:09', master })
      expect(netlink.linkByIndex(ifIndex)).toMatchObject({
        up: true,
        mtu: 1400,
        mac: '02:00:00:00:00:09',
        masterIfIndex: master,
      })
      netlink.setLink({ ifIndex, master: 0, up: false })
      expect(netlink.linkByIndex(ifIndex)).toMatchObject({ up: false })
      expect(netlink.linkByIndex(ifIndex)).not.toHaveProperty('masterIfIndex')
      netlink.setLink({ ifIndex, netns: pod, name: 'eth7' })
      expect(netlink.linkByIndex(ifIndex)).toBeUndefined()
      using inside = openNetlink({ netns: pod })
      expect(inside.linkByName('eth7')).toMatchObject({ mac: '02:00:00:00:00:09' })
    })

    it('switches ARP off and on, and leaves it alone otherwise', () => {
      const { ifIndex } = bridge('br0')
      const hasArp = () => !JSON.stringify(ip('link', 'show', 'br0')).includes('"NOARP"')
      netlink.setLink({ ifIndex, arp: false })
      netlink.setLink({ ifIndex, up: true })
      expect(hasArp()).toBe(false)
      netlink.setLink({ ifIndex, arp: true })
      expect(hasArp()).toBe(true)
      expect(netlink.linkByIndex(ifIndex)).toMatchObject({ up: true })
    })

    it('makes a VXLAN device that takes its keys from the packets', () => {
      const link = netlink.addVxlan({ name: 'axo_vxlan', port: 8472, external: true, mtu: 1450 })
      expect(link).toMatchObject({ kind: 'vxlan', mtu: 1450 })
      expect(ip('link', 'show', 'axo_vxlan')).toMatchObject([
        { linkinfo: { info_kind: 'vxlan', info_data: { external: true, port: 8472, learning: false } } },
      ])
    })

    it('deletes beside this thread, several at once, also what is gone', async () => {
      const links = ['v0', 'v1', 'v2'].map((name) => netlink.addVeth({ name, peerName: `${name}p` }))
      expect(await netlink.findLink('v1')).toEqual(netlink.linkByName('v1'))
      const removals = links.map(({ ifIndex }) => netlink.removeLink(ifIndex))
      // The socket is free for others meanwhile.
      expect(netlink.linkByName('lo')).toMatchObject({ ifIndex: 1 })
      expect(await Promise.all(removals)).toEqual([true, true, true])
      expect(netlink.links().map(({ name }) => name)).toEqual(['lo'])
      expect(await netlink.removeLink(links[0]!.ifIndex)).toBe(false)
      expect(await netlink.findLink('v0')).toBeUndefined()
      await expect(netlink.removeLink(1)).rejects.toThrow(/delete link ifindex 1: EOPNOTSUPP|EPERM|EINVAL/)
    })

    it('deletes, also what is gone', () => {
      const { ifIndex } = bridge('br0')
      netlink.deleteLink(ifIndex)
      expect(isNotFound(failureOf(() => netlink.deleteLink(ifIndex)))).toBe(true)
      expect(netlink.ensureNoLink(ifIndex)).toBe(false)
      expect(netlink.ensureNoLink({ name: 'br0' })).toBe(false)
      bridge('br0')
      expect(netlink.ensureNoLink({ name: 'br0' })).toBe(true)
      expect(netlink.linkByName('br0')).toBeUndefined()
    })

    it('says what was done to what, and what the kernel said', () => {
      bridge('br0')
      const exists = failureOf(() => netlink.addBridge({ name: 'br0' }))
      expect(exists).toMatchObject({ code: 'EEXIST', message: 'add bridge br0: EEXIST' })
      const { ifIndex } = netlink.addVeth({ name: 'v0', peerName: 'v1' })
      const refused = failureOf(() => netlink.setLink({ ifIndex, mtu: 70_000 }))
      expect(refused).toBeInstanceOf(NetlinkError)
      expect(refused).toMatchObject({ message: expect.stringMatching(/set link ifindex \d+: EINVAL: mtu/) })
    })
  })

  it('lists more than one datagram holds', () => {
    const names = Array.from({ length: 120 }, (_, i) => `br${i}`)
    for (const name of names) netlink.addBridge({ name })
    expect(netlink.links().map((link) => link.name)).toEqual(['lo', ...names])
  })

  it('adds, lists and deletes addresses', () => {
    const { ifIndex } = bridge('br0')
    const v4 = { ifIndex, address: '10.0.0.1', prefixLength: 24 }
    const v6 = { ifIndex, address: '2001:db8::1', prefixLength: 64 }
    netlink.addAddress(v4)
    netlink.addAddress({ ...v6, noDad: true })
    expect(isExists(failureOf(() => netlink.addAddress(v4)))).toBe(true)
    netlink.replaceAddress(v4)
    expect(netlink.addresses({ ifIndex })).toEqual(
      expect.arrayContaining([
        { ...v4, scope: 'global' },
        { ...v6, scope: 'global' },
      ]),
    )
    netlink.deleteAddress(v4)
    expect(isNotFound(failureOf(() => netlink.deleteAddress(v4)))).toBe(true)
    netlink.ensureNoAddress(v4)
    expect(netlink.addresses().map((address) => address.address)).not.toContain('10.0.0.1')
  })

  it('adds, replaces, looks up and deletes routes', () => {
    const { ifIndex } = bridge('br0', '10.0.0.1')
    const route = { destination: '10.9.0.0/16', gateway: '10.0.0.2', ifIndex, mtu: 1400, source: '10.0.0.1' }
    netlink.replaceRoute(route)
    expect(netlink.routes({ table: 254 })).toContainEqual({
      ...route,
      scope: 'global',
      protocol: 4,
      table: 254,
      type: 'unicast',
      onLink: false,
    })
    netlink.replaceRoute({ ...route, gateway: '10.0.0.3' })
    expect(netlink.routeTo('10.9.1.1')).toMatchObject({ gateway: '10.0.0.3', ifIndex, source: '10.0.0.1' })
    expect(ip('route', 'show', '10.9.0.0/16')).toMatchObject([{ gateway: '10.0.0.3', prefsrc: '10.0.0.1' }])
    netlink.deleteRoute({ destination: '10.9.0.0/16' })
    netlink.deleteRoute({ destination: '10.9.0.0/16' })
    expect(failureOf(() => netlink.routeTo('10.9.1.1'))).toMatchObject({ code: 'ENETUNREACH' })
  })

  it('keeps routes of other tables, families and kinds apart', () => {
    const { ifIndex } = bridge('br0', '10.0.0.1')
    netlink.replaceRoute({ destination: '10.1.0.0/16', ifIndex, table: 2005 })
    netlink.replaceRoute({ destination: '10.1.0.5/32', gateway: '192.0.2.1', onLink: true, ifIndex })
    netlink.replaceRoute({ destination: '2001:db8:1::/48', ifIndex })
    netlink.replaceRoute({ destination: '10.2.0.0/16', type: 'unreachable' })
    expect(netlink.routes({ table: 2005 })).toEqual([
      {
        destination: '10.1.0.0/16',
        ifIndex,
        scope: 'link',
        protocol: 4,
        table: 2005,
        type: 'unicast',
        onLink: false,
      },
    ])
    expect(netlink.routes({ table: 77 })).toEqual([])
    const main = netlink.routes({ table: 254 })
    expect(main).toContainEqual(expect.objectContaining({ destination: '10.1.0.5/32', onLink: true }))
    expect(main).toContainEqual(expect.objectContaining({ destination: '2001:db8:1::/48', ifIndex }))
    expect(main).toContainEqual(expect.objectContaining({ destination: '10.2.0.0/16', type: 'unreachable' }))
    netlink.deleteRoute({ destination: '10.2.0.0/16' })
    expect(netlink.routes()).not.toContainEqual(expect.objectContaining({ destination: '10.2.0.0/16' }))
  })

  it('routes into a tunnel with a key', () => {
    const { ifIndex } = netlink.addVxlan({ name: 'axo_vxlan', port: 8472, external: true, up: true })
    const encap = { kind: 'ip', tunnelId: 4242, destination: '192.0.2.9' } as const
    netlink.replaceRoute({ destination: '10.5.0.0/24', ifIndex, encap })
    expect(netlink.routes({ table: 254 })).toContainEqual(expect.objectContaining({ ifIndex, encap }))
    expect(ip('route', 'show', '10.5.0.0/24')).toMatchObject([{ encap: 'ip', id: 4242 }])
  })

  it('sets and deletes neighbours', () => {
    const { ifIndex } = bridge('br0', '10.0.0.1')
    const neighbour = { ifIndex, address: '10.0.0.7', mac: '02:00:00:00:00:07', permanent: true }
    netlink.replaceNeighbour(neighbour)
    netlink.replaceNeighbour({ ...neighbour, mac: '02:00:00:00:00:08' })
    expect(netlink.neighbours({ ifIndex })).toContainEqual({
      ...neighbour,
      mac: '02:00:00:00:00:08',
      state: 0x80,
    })
    netlink.deleteNeighbour(neighbour)
    netlink.deleteNeighbour(neighbour)
    expect(netlink.neighbours().map(({ address }) => address)).not.toContain('10.0.0.7')
  })

  it('attaches, replaces and detaches programs', () => {
    const { ifIndex } = netlink.addVeth({ name: 'v0', peerName: 'v1' })
    const place = { ifIndex, direction: 'ingress', priority: 1, handle: 1 } as const
    expect(isNotFound(failureOf(() => netlink.addClsact(999_999)))).toBe(true)
    netlink.deleteBpfFilter(place)
    netlink.addClsact(ifIndex)
    netlink.addClsact(ifIndex)
    const [first, second] = [loadProgram(), loadProgram()]
    try {
      netlink.replaceBpfFilter({ ...place, programFd: first, name: 'axo:first' })
      const before = netlink.filters(ifIndex, 'ingress')
      netlink.replaceBpfFilter({ ...place, programFd: second, name: 'axo:second' })
      const after = netlink.filters(ifIndex, 'ingress')
      expect(before).toMatchObject([{ kind: 'bpf', priority: 1, handle: 1, name: 'axo:first' }])
      expect(after).toMatchObject([{ kind: 'bpf', priority: 1, handle: 1, name: 'axo:second' }])
      expect(after[0]?.programId).toBeGreaterThan(before[0]?.programId ?? Number.NaN)
      expect(netlink.filters(ifIndex, 'egress')).toEqual([])
      netlink.deleteBpfFilter(place)
      netlink.deleteBpfFilter(place)
      expect(netlink.filters(ifIndex, 'ingress')).toEqual([])
      netlink.deleteClsact(ifIndex)
      netlink.deleteClsact(ifIndex)
    } finally {
      closeSync(first)
      closeSync(second)
    }
  })

  it('sets sysctls of the namespace only', () => {
    bridge('br.5')
    const own = readSysctl(undefined, 'net.ipv4.ip_default_ttl')
    writeSysctl(node, 'net.ipv4.ip_default_ttl', '77')
    expect(readSysctl(node, 'net.ipv4.ip_default_ttl')).toBe('77')
    expect(readSysctl(undefined, 'net.ipv4.ip_default_ttl')).toBe(own)
    writeSysctl(node, 'net.ipv4.conf.br/5.forwarding', '1')
    expect(readSysctl(node, 'net.ipv4.conf.br/5.forwarding')).toBe('1')
    for (const key of ['kernel.hostname', 'net.ipv4.nothing', 'net.//.//.kernel.hostname', 'net..ipv4']) {
      expect(failureOf(() => writeSysctl(node, key, '1'))).toMatchObject({
        code: 'SYSCTL',
        message: expect.stringContaining(key),
      })
    }
  })

  it('works from wherever the thread is, and reports timings and failures', () => {
    const events: NetlinkEvent[] = []
    const fd = openNetns(node)
    {
      using other = openNetlink({ netns: fd, observe: (event) => events.push(event) })
      bridge('br0')
      expect(withNetns(pod, () => other.links().length)).toBe(2)
      failureOf(() => other.addBridge({ name: 'br0' }))
    }
    closeSync(fd)
    expect(events).toEqual([
      { operation: 'list links', durationMs: expect.any(Number) },
      { operation: 'add bridge', durationMs: expect.any(Number), error: 'EEXIST' },
    ])
  })

  it('refuses to work after its end', () => {
    const closed = openNetlink({ netns: node })
    closed[Symbol.dispose]()
    closed[Symbol.dispose]()
    expect(failureOf(() => closed.links())).toMatchObject({ code: 'EBADF' })
  })
})

/** `r0 = 0; exit` for the traffic control hooks (BPF_PROG_LOAD, linux/bpf.h). */
function loadProgram(): number {
  const instructions = Buffer.from('b7000000000000009500000000000000', 'hex')
  const license = Buffer.from('GPL\0')
  const attr = Buffer.alloc(128)
  attr.writeUInt32LE(3, 0)
  attr.writeUInt32LE(2, 4)
  attr.writeBigUInt64LE(addressOf(instructions), 8)
  attr.writeBigUInt64LE(addressOf(license), 16)
  const fd = syscall('bpf', 5, attr, attr.length)
  if (fd < 0) throw new Error(`bpf: ${fd}`)
  return fd
}
