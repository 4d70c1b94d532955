import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { type BpfKernel, type BpfMap, type MapSpec, unpin } from '@axoneme/bpf'
import {
  addressFamily,
  endpointKey as endpointMapKey,
  endpoint as endpointMapValue,
} from '@axoneme/bpf-programs'
import type { EndpointId, EndpointRow } from '@axoneme/endpoint'
import { parseIp, parseMac } from '@axoneme/net-types'
import type { Netlink } from '@axoneme/netlink'
import type { Target } from '@axoneme/reconciler'
import { endpointConstants } from './endpoint-constants.ts'
import type { EndpointPrograms } from './endpoint-programs.ts'
import type { PolicyEpochs } from './epochs.ts'
import type { PinPaths } from './pin-paths.ts'
import { ensurePodLink, type PodNetwork } from './pod-link.ts'
import { applyPolicyEntries } from './policy-map.ts'
import type { EndpointDatapathRow } from './types.ts'

export const hostInterfacePattern = /^lxc[0-9a-f]{12}$/

/** Durable memory of what exists, written before anything is made and removed after everything is gone. */
export type EndpointStateStore = {
  save(row: EndpointRow): void
  remove(id: EndpointId): void
  ids(): EndpointId[]
}

export type EndpointTargetOptions = Readonly<{
  kernel: BpfKernel
  netlink: Netlink
  programs: EndpointPrograms
  epochs: PolicyEpochs
  endpointMap: BpfMap
  policyMapSpec: MapSpec
  paths: PinPaths
  network: PodNetwork
  tunnelIfIndex: number | undefined
  /** Whether the control plane knows the endpoint: what it does not know is pruned. */
  isKnown: (id: EndpointId) => boolean
  state: EndpointStateStore
  observe: Readonly<{
    endpointStep?: (step: string, durationMs: number) => void
    endpoint?: (outcome: 'success' | 'fail') => void
  }>
}>

/** What runs for an endpoint, so that a policy change does not load programs again. */
type Realised = { endpoint: EndpointRow; policyMap: BpfMap; loaded: string }

/** [endpoint-datapaths] -> veth pair, policy map, programs, endpoints map, route. */
export function endpointTarget(options: EndpointTargetOptions): Target<EndpointDatapathRow> & Disposable {
  const realised = new Map<EndpointId, Realised>()
  const { paths, netlink } = options

  const forget = (id: EndpointId) => {
    realised.get(id)?.policyMap.close()
    realised.delete(id)
  }
  const removePins = (id: EndpointId) => {
    forget(id)
    options.programs.remove(id)
    unpin(paths.policyMap(id))
    removeDirectory(paths.endpoint(id))
  }
  const remove = (endpoint: EndpointRow) => {
    options.endpointMap.delete(encodeKey(endpoint))
    netlink.ensureNoLink({ name: endpoint.hostIfName })
    removePins(endpoint.id)
    options.state.remove(endpoint.id)
  }
  return {
    update({ endpoint, policy }) {
      const before = realised.get(endpoint.id)
      if (before !== undefined && before.endpoint.podMac !== endpoint.podMac) remove(before.endpoint)
      try {
        realise(options, realised, { endpoint, policy })
        options.observe.endpoint?.('success')
      } catch (error) {
        options.observe.endpoint?.('fail')
        // What was reached is unknown: the next attempt does everything again.
        forget(endpoint.id)
        throw error
      }
    },
    delete: (_key, { endpoint }) => remove(endpoint),
    prune(rows) {
      const wantedLinks = new Set(rows.map((row) => row.endpoint.hostIfName))
      const stale = new Set<EndpointId>()
      for (const id of [...pinnedIds(paths.endpoints), ...options.state.ids()]) {
        if (!options.isKnown(id)) stale.add(id)
      }
      for (const [key, value] of [...options.endpointMap.entries()]) {
        if (!options.isKnown(endpointMapValue.decode(value).id)) options.endpointMap.delete(key)
      }
      for (const id of stale) {
        removePins(id)
        options.state.remove(id)
      }
      // Rows cover all endpoints only when each has its policy; until then no link is called stale.
      if (options.state.ids().some((id) => !rows.some((row) => row.endpoint.id === id))) return
      for (const link of netlink.links()) {
        const isOurs = link.kind === 'veth' && hostInterfacePattern.test(link.name)
        if (isOurs && !wantedLinks.has(link.name)) netlink.ensureNoLink(link.ifIndex)
      }
    },
    [Symbol.dispose]() {
      for (const id of [...realised.keys()]) forget(id)
    },
  }
}

function realise(
  options: EndpointTargetOptions,
  realised: Map<EndpointId, Realised>,
  { endpoint, policy }: EndpointDatapathRow,
): void {
  const { kernel, netlink, paths, observe } = options
  const step = <T>(name: string, run: () => T): T => {
    const startedMs = performance.now()
    const result = run()
    observe.endpointStep?.(name, performance.now() - startedMs)
    return result
  }
  const before = realised.get(endpoint.id)
  if (before?.endpoint !== endpoint) step('saveState', () => options.state.save(endpoint))
  const link = step('link', () => ensurePodLink(netlink, endpoint, options.network))
  const policyMap =
    before?.policyMap ??
    step('policyMap', () => {
      mkdirSync(paths.endpoint(endpoint.id), { recursive: true, mode: 0o700 })
      return kernel.getOrCreatePinnedMap(paths.policyMap(endpoint.id), options.policyMapSpec)
    })
  // Held from here on, so that a failure below closes it.
  realised.set(endpoint.id, { endpoint, policyMap, loaded: before?.loaded ?? '' })
  const changed = step('policyEntries', () => applyPolicyEntries(policyMap, policy.entries))
  if (changed.added + changed.removed > 0) options.epochs.bump(endpoint.id)

  const constants = endpointConstants(endpoint, {
    ifIndex: link.ifIndex,
    tunnelIfIndex: options.tunnelIfIndex,
  })
  const wanted = Object.values(constants).join('/')
  if (before?.loaded !== wanted) {
    step('bpfLoadProg', () =>
      options.programs.swap({ id: endpoint.id, ifIndex: link.ifIndex, constants, policyMap }),
    )
    step('expose', () => {
      options.endpointMap.update(encodeKey(endpoint), encodeValue(endpoint, link.ifIndex))
      netlink.replaceRoute({
        destination: `${endpoint.ipv4}/32`,
        ifIndex: link.ifIndex,
        source: options.network.gateway,
      })
    })
  }
  realised.set(endpoint.id, { endpoint, policyMap, loaded: wanted })
}

function encodeKey(endpoint: EndpointRow): Buffer {
  const address = new Uint8Array(16)
  address.set(parseIp(endpoint.ipv4) ?? [])
  return endpointMapKey.encode({ address, family: addressFamily.ipv4 })
}

function encodeValue(endpoint: EndpointRow, ifindex: number): Buffer {
  return endpointMapValue.encode({
    ifindex,
    identity: endpoint.identity,
    id: endpoint.id,
    mac: parseMac(endpoint.podMac) ?? new Uint8Array(6),
    hostMac: parseMac(endpoint.hostMac) ?? new Uint8Array(6),
  })
}

function pinnedIds(directory: string): EndpointId[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function removeDirectory(path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
