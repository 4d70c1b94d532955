import type { BpfKernel, BpfMap, MapSpec } from '@axoneme/bpf'
import type { EndpointId, EndpointRow } from '@axoneme/endpoint'
import type { Link, Netlink } from '@axoneme/netlink'
import type { PolicyEntry } from '@axoneme/policy'
import { endpointConstants } from './endpoint-constants.ts'
import { encodeEndpointKey, encodeEndpointValue } from './endpoint-map.ts'
import { ensurePinDirectory } from './endpoint-pins.ts'
import type { EndpointPrograms } from './endpoint-programs.ts'
import type { PolicyEpochs } from './epochs.ts'
import type { PinPaths } from './pin-paths.ts'
import { makePodLink, type PodNetwork } from './pod-link.ts'
import type { EncodedPolicyEntry } from './policy-entry.ts'
import { applyPolicyEntries, openPolicyMap } from './policy-map.ts'
import { podRoute } from './routes.ts'
import type { EndpointDatapathRow } from './types.ts'

/** Durable memory of what exists, written before anything is made and removed after everything is gone. */
export type EndpointStateStore = {
  save(row: EndpointRow): void
  remove(id: EndpointId): void
  ids(): EndpointId[]
}

/** What realising an endpoint works with. */
export type EndpointTools = Readonly<{
  kernel: BpfKernel
  netlink: Netlink
  programs: EndpointPrograms
  epochs: PolicyEpochs
  endpointMap: BpfMap
  policyMapSpec: MapSpec
  encodePolicy: (entry: PolicyEntry) => EncodedPolicyEntry
  paths: PinPaths
  network: PodNetwork
  tunnelIfIndex: number | undefined
  state: EndpointStateStore
  /** Hears of each step that succeeded. */
  onStep: ((step: string, durationMs: number) => void) | undefined
}>

/** What runs for an endpoint, so that a policy change does not load programs again. Owns the open map. */
export type Realised = Readonly<{
  endpoint: EndpointRow
  policyMap: BpfMap
  /** What the loaded programs were made from. */
  constants: string
}>

/**
 * Carries an endpoint to the kernel: veth pair, policy map, programs, and last of all the ways to it. `link` is its
 * link when that stands already, `before` what this process did for it earlier. When it throws, what was reached is
 * unknown, and `before.policyMap` is still open.
 */
export async function realiseEndpoint(
  tools: EndpointTools,
  { endpoint, policy }: EndpointDatapathRow,
  { link: standing, before }: { link: Link | undefined; before: Realised | undefined },
): Promise<Realised> {
  const { kernel, netlink, paths, network } = tools
  const { id } = endpoint
  const timed = (name: string, startedMs: number) => tools.onStep?.(name, performance.now() - startedMs)
  const step = <T>(name: string, run: () => T): T => {
    const startedMs = performance.now()
    const result = run()
    timed(name, startedMs)
    return result
  }
  if (before?.endpoint !== endpoint) step('saveState', () => tools.state.save(endpoint))
  const link = standing ?? step('link', () => makePodLink(netlink, endpoint, network))

  using opened = new DisposableStack()
  const policyMap =
    before?.policyMap ??
    opened.use(
      step('policyMap', () => {
        ensurePinDirectory(paths, id)
        return openPolicyMap(kernel, { path: paths.policyMap(id), spec: tools.policyMapSpec })
      }),
    )
  step('policyEntries', () => {
    let isChanged = true
    try {
      const { added, removed } = applyPolicyEntries(policyMap, policy.entries.map(tools.encodePolicy))
      // An earlier process may have ended between its change and the new epoch.
      isChanged = before === undefined || added + removed > 0
    } finally {
      if (isChanged) tools.epochs.bump(id)
    }
  })

  const { ifIndex } = link
  const constants = endpointConstants(endpoint, { ifIndex, tunnelIfIndex: tools.tunnelIfIndex })
  const wanted = Object.values(constants).join('/')
  if (before?.constants !== wanted) {
    const startedMs = performance.now()
    using set = await tools.programs.load({ constants, policyMap })
    timed('bpfLoadProg', startedMs)
    step('attach', () => tools.programs.attach({ id, ifIndex }, set))
    step('expose', () => expose(tools, endpoint, link))
  }
  opened.move()
  return { endpoint, policyMap, constants: wanted }
}

/** The neighbour is known in advance, so that the node's first packet to the pod does not wait for ARP. */
function expose({ netlink, network, endpointMap }: EndpointTools, endpoint: EndpointRow, link: Link): void {
  const { ifIndex } = link
  if (!link.up) netlink.setLink({ ifIndex, up: true })
  netlink.replaceNeighbour({ ifIndex, address: endpoint.ipv4, mac: endpoint.podMac, permanent: true })
  netlink.replaceRoute(podRoute({ ifIndex, ipv4: endpoint.ipv4, source: network.gateway }))
  endpointMap.update(encodeEndpointKey(endpoint), encodeEndpointValue(endpoint, ifIndex))
}
