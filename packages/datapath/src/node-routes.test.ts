import { isRoot, temporaryNetns } from '@axoneme/bpf/testing'
import type { NodeRow } from '@axoneme/ipcache'
import { type Netlink, openNetlink } from '@axoneme/netlink'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeRoutesTarget } from './node-routes.ts'
import { routeProtocol } from './routes.ts'
import type { RoutingMode } from './types.ts'

const local = { name: 'node1', internalIp: '192.168.50.1', podCidr: '10.50.1.0/24', routerIp: '10.50.1.1' }
const node = (number: number, more: Partial<NodeRow> = {}): NodeRow => ({
  name: `node${number}`,
  cluster: 'default',
  internalIp: `192.168.50.${number}`,
  routerIp: `10.50.${number}.1`,
  podCidrs: [`10.50.${number}.0/24`],
  encryptKey: 0,
  labels: {},
  ...more,
})

describe.runIf(isRoot).each(['native', 'tunnel'] as const)(
  'routes to other nodes, routing mode %s',
  (mode: RoutingMode) => {
    const { signal } = new AbortController()
    let resources: DisposableStack
    let netlink: Netlink
    let target: () => ReturnType<typeof nodeRoutesTarget>
    beforeEach(() => {
      resources = new DisposableStack()
      netlink = resources.use(openNetlink({ netns: resources.use(temporaryNetns()).path }))
      const eth0 = netlink.addVeth({ name: 'eth0', peerName: 'peer', up: true, peerUp: true })
      netlink.addAddress({ ifIndex: eth0.ifIndex, address: local.internalIp, prefixLength: 24 })
      netlink.addAddress({ ifIndex: eth0.ifIndex, address: local.routerIp, prefixLength: 32 })
      const tunnel =
        mode === 'tunnel'
          ? netlink.addVxlan({ name: 'axo_vxlan', port: 8472, external: true, up: true })
          : undefined
      const devices = { podMtu: 1400, external: [eth0], tunnel }
      target = () => nodeRoutesTarget({ netlink, local, devices, routingMode: mode })
    })
    afterEach(() => resources.dispose())

    const shown = () =>
      netlink
        .routes({ table: 254 })
        .filter((route) => route.protocol === routeProtocol)
        .map(({ destination, gateway, encap }) => `${destination} ${gateway ?? encap?.destination}`)
        .sort()

    it('lead to the pod CIDRs of other nodes by their addresses', async () => {
      const routes = target()
      await routes.update(node(1), signal)
      await routes.update(node(2), signal)
      await routes.update(
        node(3, { podCidrs: ['10.50.3.0/24', 'fd00::/64', '10.60.3.7/24', 'rubbish'] }),
        signal,
      )
      await routes.update(node(4, { internalIp: '' }), signal)
      expect(shown()).toEqual([
        '10.50.2.0/24 192.168.50.2',
        '10.50.3.0/24 192.168.50.3',
        '10.60.3.0/24 192.168.50.3',
      ])
      if (mode === 'tunnel') {
        expect(netlink.routes({ table: 254 })).toContainEqual(
          expect.objectContaining({
            destination: '10.50.2.0/24',
            source: local.routerIp,
            mtu: 1400,
            encap: { kind: 'ip', tunnelId: 6, destination: '192.168.50.2' },
          }),
        )
      }
    })

    it('follow a change of CIDRs and addresses, and go with the node', async () => {
      const routes = target()
      await routes.update(node(2, { podCidrs: ['10.50.2.0/24', '10.51.2.0/24'] }), signal)
      await routes.update(
        node(2, { podCidrs: ['10.51.2.0/24', '10.52.2.0/24'], internalIp: '192.168.50.22' }),
        signal,
      )
      expect(shown()).toEqual(['10.51.2.0/24 192.168.50.22', '10.52.2.0/24 192.168.50.22'])
      // The row that was deleted is not the one that was carried out.
      await routes.delete('node2', node(2, { podCidrs: [] }), signal)
      expect(shown()).toEqual([])
      await routes.delete('node2', node(2), signal)
    })

    it('stay when a CIDR passes to another node before the first one goes', async () => {
      const routes = target()
      await routes.update(node(2), signal)
      await routes.update(node(3, { podCidrs: ['10.50.2.0/24'] }), signal)
      await routes.delete('node2', node(2), signal)
      expect(shown()).toEqual(['10.50.2.0/24 192.168.50.3'])
    })

    it('of an earlier process are pruned, and those of others are not', async () => {
      const earlier = target()
      await earlier.update(node(2), signal)
      await earlier.update(node(3), signal)
      const eth0 = netlink.linkByName('eth0')?.ifIndex ?? 0
      netlink.replaceRoute({ destination: '10.99.0.0/16', gateway: '192.168.50.9' })
      netlink.replaceRoute({ destination: '10.50.1.12/32', ifIndex: eth0, protocol: routeProtocol })
      const routes = target()
      await routes.update(node(3), signal)
      await routes.prune?.([node(1), node(3)], signal)
      expect(shown()).toEqual(['10.50.1.12/32 undefined', '10.50.3.0/24 192.168.50.3'])
      expect(netlink.routes({ table: 254 }).map(({ destination }) => destination)).toContain('10.99.0.0/16')
    })
  },
)
