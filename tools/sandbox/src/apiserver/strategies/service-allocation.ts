import { invalid } from '../errors.ts'
import { ensureObject, numberAt, objectsAt, stringsAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { AddressPool, NodePortPool } from './address-pool.ts'
import { wrong } from './problems.ts'

export type ServiceAllocator = Readonly<{
  /** Gives `service` the addresses and node ports that it lacks; throws Invalid with nothing taken. */
  allocate: (service: KubeObject, old: KubeObject | undefined) => void
  release: (service: KubeObject) => void
}>

const subject = { group: '', plural: 'services', kind: 'Service' }

export function createServiceAllocator({
  pools,
  nodePorts,
}: {
  pools: readonly AddressPool[]
  nodePorts: NodePortPool
}): ServiceAllocator {
  const releaseAddress = (address: string) => pools.find((pool) => pool.contains(address))?.release(address)

  const takeAddress = (service: KubeObject, index: number): string => {
    const family = stringsAt(service, 'spec', 'ipFamilies')[index]
    const asked = stringsAt(service, 'spec', 'clusterIPs')[index]
    const fail = (why: string) =>
      invalid(subject, service.metadata.name, [wrong('spec.clusterIPs', asked ?? family ?? null, why)])
    const pool = pools.find((candidate) => candidate.family === family)
    if (pool === undefined) throw fail(`the cluster has no service range of family ${family}`)
    if (asked === undefined || asked === '') {
      const any = pool.takeAny()
      if (any === undefined) throw fail('failed to allocate IP: range is full')
      return any
    }
    const outcome = pool.take(asked)
    if (outcome === 'outside') throw fail('failed to allocate IP: the provided IP is not in the valid range')
    if (outcome === 'in-use') throw fail('failed to allocate IP: provided IP is already allocated')
    return asked
  }

  const takeNodePort = (service: KubeObject, asked: number): number => {
    const fail = (why: string) =>
      invalid(subject, service.metadata.name, [wrong('spec.ports.nodePort', asked, why)])
    if (asked === 0) {
      const any = nodePorts.takeAny()
      if (any === undefined) throw fail('failed to allocate a nodePort: range is full')
      return any
    }
    const outcome = nodePorts.take(asked)
    if (outcome === 'outside') throw fail('provided port is not in the valid range')
    if (outcome === 'in-use') throw fail('provided port is already allocated')
    return asked
  }

  return {
    allocate(service, old) {
      const undo: (() => void)[] = []
      try {
        allocateAddresses(service, heldAddresses(old), (index) => {
          const address = takeAddress(service, index)
          undo.push(() => releaseAddress(address))
          return address
        })
        allocateNodePorts(service, heldNodePorts(old), (asked) => {
          const port = takeNodePort(service, asked)
          undo.push(() => nodePorts.release(port))
          return port
        })
      } catch (error) {
        for (const step of undo) step()
        throw error
      }
      for (const address of heldAddresses(old))
        if (!heldAddresses(service).has(address)) releaseAddress(address)
      for (const port of heldNodePorts(old)) if (!heldNodePorts(service).has(port)) nodePorts.release(port)
    },
    release(service) {
      for (const address of heldAddresses(service)) releaseAddress(address)
      for (const port of heldNodePorts(service)) nodePorts.release(port)
    },
  }
}

function allocateAddresses(
  service: KubeObject,
  held: ReadonlySet<string>,
  take: (index: number) => string,
): void {
  const spec = ensureObject(service, 'spec')
  if (textAt(spec, 'type') === 'ExternalName' || textAt(spec, 'clusterIP') === 'None') return
  const given = stringsAt(spec, 'clusterIPs')
  const addresses = stringsAt(spec, 'ipFamilies').map((_, i) => {
    const address = given[i]
    return address !== undefined && held.has(address) ? address : take(i)
  })
  spec.clusterIPs = addresses
  spec.clusterIP = addresses[0]
}

function allocateNodePorts(
  service: KubeObject,
  held: ReadonlySet<number>,
  take: (asked: number) => number,
): void {
  const spec = ensureObject(service, 'spec')
  const isWanted =
    spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
  // A port number may serve several protocols of one service.
  const takenHere = new Map<number, Set<string>>()
  for (const port of objectsAt(spec, 'ports')) {
    const asked = numberAt(port, 'nodePort') ?? 0
    if (asked === 0 && !isWanted) continue
    const protocol = textAt(port, 'protocol')
    const sharers = takenHere.get(asked)
    const isShared = sharers !== undefined && !sharers.has(protocol)
    const number = asked !== 0 && (held.has(asked) || isShared) ? asked : take(asked)
    takenHere.set(number, new Set([...(takenHere.get(number) ?? []), protocol]))
    port.nodePort = number
  }
}

function heldAddresses(service: KubeObject | undefined): Set<string> {
  return new Set(stringsAt(service, 'spec', 'clusterIPs').filter((address) => address !== 'None'))
}

function heldNodePorts(service: KubeObject | undefined): Set<number> {
  const numbers = objectsAt(service, 'spec', 'ports').map((port) => numberAt(port, 'nodePort') ?? 0)
  return new Set(numbers.filter((number) => number !== 0))
}
