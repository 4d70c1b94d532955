import { isRoot, temporaryNetns } from '@axoneme/bpf/testing'
import { type Netlink, openNetlink, readSysctl } from '@axoneme/netlink'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DeviceMissingError } from './errors.ts'
import { ensureNodeDevices, hostDevice, tunnelDevice } from './node-devices.ts'
import type { RoutingMode } from './types.ts'

const node = { name: 'node1', internalIp: '192.168.50.1', podCidr: '10.50.1.0/24', routerIp: '10.50.1.1' }

describe.runIf(isRoot)('ensureNodeDevices', () => {
  let resources: DisposableStack
  let netns: string
  let netlink: Netlink
  beforeEach(() => {
    resources = new DisposableStack()
    netns = resources.use(temporaryNetns()).path
    netlink = resources.use(openNetlink({ netns }))
    netlink.addVeth({ name: 'eth0', peerName: 'p0', mtu: 1500, up: true, peerUp: true })
    netlink.addVeth({ name: 'eth1', peerName: 'p1', mtu: 1400, up: true, peerUp: true })
  })
  afterEach(() => resources.dispose())

  const ensure = (routingMode: RoutingMode, { devices = ['eth0', 'eth1'], routerIp = node.routerIp } = {}) =>
    ensureNodeDevices({ netlink, netns, node: { ...node, routerIp }, devices, routingMode })
  const hostAddresses = () => {
    const ifIndex = netlink.linkByName(hostDevice)?.ifIndex ?? 0
    const isIpv4 = ({ address }: { address: string }) => !address.includes(':')
    return netlink
      .addresses({ ifIndex })
      .filter(isIpv4)
      .map(({ address, prefixLength }) => `${address}/${prefixLength}`)
  }

  it('forwards, gives the node its router address, and takes the smallest MTU', () => {
    const devices = ensure('native')
    expect(devices).toMatchObject({ podMtu: 1400, tunnel: undefined })
    expect(devices.external.map(({ name }) => name)).toEqual(['eth0', 'eth1'])
    expect(readSysctl(netns, 'net.ipv4.ip_forward')).toBe('1')
    expect(hostAddresses()).toEqual(['10.50.1.1/32'])
    expect(netlink.linkByName(hostDevice)).toMatchObject({ up: true, running: true })
  })

  it('leaves room for the outer headers in tunnel mode, where nobody answers ARP', () => {
    const { podMtu, tunnel } = ensure('tunnel')
    expect(podMtu).toBe(1350)
    expect(tunnel).toMatchObject({ name: tunnelDevice, kind: 'vxlan' })
    expect(netlink.linkByName(tunnelDevice)).toMatchObject({ up: true, mtu: 1350 })
  })

  it('changes nothing the second time, follows a new router address, and removes what the mode does not need', () => {
    ensure('tunnel')
    const indexes = () => netlink.links().map(({ ifIndex, name }) => `${ifIndex} ${name}`)
    const before = indexes()
    ensure('tunnel')
    expect(indexes()).toEqual(before)
    ensure('tunnel', { routerIp: '10.50.9.1' })
    expect(hostAddresses()).toEqual(['10.50.9.1/32'])
    ensure('native')
    expect(indexes()).toEqual(before.filter((link) => !link.endsWith(tunnelDevice)))
  })

  it('names a device that is missing', () => {
    expect(() => ensure('native', { devices: ['eth0', 'bond0'] })).toThrow(DeviceMissingError)
    expect(() => ensure('native', { devices: ['eth0', 'bond0'] })).toThrow('find network device bond0')
  })
})
