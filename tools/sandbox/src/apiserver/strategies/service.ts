import { CodedError } from '@axoneme/lifecycle'
import type { Cidr } from '@axoneme/net-types'
import { parseCidr } from '@axoneme/net-types'
import {
  at,
  ensureObject,
  isObject,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  setDefault,
  stringsAt,
  textAt,
} from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { Strategy } from '../resources/types.ts'
import { AddressPool, NodePortPool } from './address-pool.ts'
import { createServiceAllocator } from './service-allocation.ts'
import { serviceProblems } from './service-validation.ts'

export type ServiceNetwork = Readonly<{
  strategy: Strategy
  /** The address of the `kubernetes` service. */
  apiServerAddress: string
}>

/**
 * Services: defaults, validation, cluster addresses from `cidrs` (the first is the default family; at most one of each
 * family) and node ports.
 */
export function createServiceNetwork({
  cidrs,
  nodePorts = { first: 30_000, last: 32_767 },
  random,
}: {
  cidrs: readonly string[]
  nodePorts?: Readonly<{ first: number; last: number }>
  random: () => number
}): ServiceNetwork {
  const pools = cidrs.map((text) => new AddressPool(parsed(text), random))
  const primary = pools[0]
  if (primary === undefined)
    throw new CodedError('SERVICE_CIDR', 'no service CIDR is given', { hint: 'use 10.96.0.0/16' })
  const allocator = createServiceAllocator({ pools, nodePorts: new NodePortPool(nodePorts, random) })
  return {
    apiServerAddress: primary.first,
    strategy: {
      defaults: (service) => defaultService(service, pools),
      prepareCreate: (service) => {
        service.status = { loadBalancer: {} }
      },
      prepareUpdate: keepAllocated,
      validate: serviceProblems,
      allocate: allocator.allocate,
      removed: allocator.release,
    },
  }
}

function parsed(text: string): Cidr {
  const cidr = parseCidr(text)
  const freeBits = cidr === undefined ? 0 : cidr.address.length * 8 - cidr.prefixLength
  if (cidr === undefined || freeBits < 3)
    throw new CodedError('SERVICE_CIDR', `${JSON.stringify(text)} is no usable service CIDR`, {
      hint: 'give a prefix with at least three host bits, such as 10.96.0.0/16',
    })
  return cidr
}

function defaultService(service: KubeObject, pools: readonly AddressPool[]): void {
  const spec = ensureObject(service, 'spec')
  setDefault(spec, 'type', 'ClusterIP')
  setDefault(spec, 'sessionAffinity', 'None')
  if (spec.sessionAffinity === 'ClientIP')
    setDefault(
      ensureObject(ensureObject(spec, 'sessionAffinityConfig'), 'clientIP'),
      'timeoutSeconds',
      10_800,
    )
  for (const port of objectsAt(spec, 'ports')) {
    setDefault(port, 'protocol', 'TCP')
    if (
      port.targetPort === undefined ||
      port.targetPort === null ||
      port.targetPort === '' ||
      port.targetPort === 0
    )
      port.targetPort = port.port ?? null
  }
  if (spec.type === 'ExternalName') return
  setDefault(spec, 'internalTrafficPolicy', 'Cluster')
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer')
    setDefault(spec, 'externalTrafficPolicy', 'Cluster')
  if (spec.type === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true)
  defaultFamilies(spec, pools)
}

function defaultFamilies(spec: JsonObject, pools: readonly AddressPool[]): void {
  setDefault(
    spec,
    'ipFamilyPolicy',
    stringsAt(spec, 'ipFamilies').length > 1 ? 'RequireDualStack' : 'SingleStack',
  )
  const served = pools.map(({ family }) => family)
  const asked = stringsAt(spec, 'ipFamilies')
  const ordered = [...asked, ...served.filter((family) => !asked.includes(family))]
  const wanted = spec.ipFamilyPolicy === 'SingleStack' ? 1 : 2
  if (asked.length < wanted) spec.ipFamilies = ordered.slice(0, wanted)
  // The single and the plural field name the same address.
  const single = textAt(spec, 'clusterIP')
  const plural = stringsAt(spec, 'clusterIPs')
  if (single !== '' && plural.length === 0) spec.clusterIPs = [single]
  if (single === '' && plural[0] !== undefined) spec.clusterIP = plural[0]
}

/** A replaced service keeps what it was given, unless it changes to a type that has no such thing. */
function keepAllocated(service: KubeObject, old: KubeObject): void {
  const spec = ensureObject(service, 'spec')
  if (textAt(spec, 'type') === 'ExternalName') {
    if (isEqualText(spec, objectAt(old, 'spec'), 'clusterIP')) {
      delete spec.clusterIP
      delete spec.clusterIPs
    }
    return
  }
  if (textAt(spec, 'clusterIP') === '' && textAt(old, 'spec', 'clusterIP') !== '') {
    spec.clusterIP = textAt(old, 'spec', 'clusterIP')
    spec.clusterIPs = stringsAt(old, 'spec', 'clusterIPs')
  }
  const usesNodePorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  const oldPorts = objectsAt(old, 'spec', 'ports')
  for (const port of objectsAt(spec, 'ports')) {
    const before = oldPorts.find((other) => other.port === port.port && other.protocol === port.protocol)
    if (usesNodePorts) {
      if (numberAt(port, 'nodePort') === undefined && before?.nodePort !== undefined)
        port.nodePort = before.nodePort
    } else if (before?.nodePort !== undefined && before.nodePort === port.nodePort) delete port.nodePort
  }
  if (
    !usesNodePorts &&
    isObject(at(old, 'spec')) &&
    isEqualText(spec, objectAt(old, 'spec'), 'externalTrafficPolicy')
  )
    delete spec.externalTrafficPolicy
  if (spec.type !== 'LoadBalancer') delete spec.allocateLoadBalancerNodePorts
}

function isEqualText(left: JsonObject, right: JsonObject, key: string): boolean {
  return textAt(left, key) === textAt(right, key)
}
