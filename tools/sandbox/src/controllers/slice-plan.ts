import { addressFamily } from '@axoneme/net-types'
import { at, isEqual, type Json, type JsonObject, objectsAt, textAt } from '../apiserver/json.ts'
import { isDeleting, type KubeObject } from '../apiserver/object.ts'
import { hasEnded, isPodReady } from './pods.ts'

/** The limit that kube-controller-manager has by default. */
const maxEndpointsPerSlice = 100

type Backend = Readonly<{ podUid: string; endpoint: JsonObject }>
/** Backends that serve the service on the same port numbers: named target ports may differ from pod to pod. */
export type BackendGroup = Readonly<{ ports: readonly JsonObject[]; backends: readonly Backend[] }>
export type SliceContent = Readonly<{ ports: readonly JsonObject[]; endpoints: readonly Backend[] }>
export type SlicePlan = Readonly<{
  kept: readonly { slice: KubeObject; content: SliceContent }[]
  added: readonly SliceContent[]
  unneeded: readonly KubeObject[]
}>

/** The pods with an address of `family`, grouped by the ports that the service's ports lead to in them. */
export function groupBackends(
  service: KubeObject,
  {
    pods,
    family,
    zoneOf,
  }: { pods: readonly KubeObject[]; family: string; zoneOf: (node: string) => string | undefined },
): BackendGroup[] {
  const groups = new Map<string, { ports: JsonObject[]; backends: Backend[] }>()
  const publishesAll = at(service, 'spec', 'publishNotReadyAddresses') === true
  for (const pod of pods) {
    const address = podAddress(pod, family)
    if (address === undefined || hasEnded(pod)) continue
    const ports = resolvePorts(service, pod)
    const key = JSON.stringify(ports)
    const group = groups.get(key) ?? { ports, backends: [] }
    group.backends.push({
      podUid: pod.metadata.uid,
      endpoint: endpointOf(pod, { address, publishesAll, zoneOf }),
    })
    groups.set(key, group)
  }
  return [...groups.values()]
}

function podAddress(pod: KubeObject, family: string): string | undefined {
  const addresses = [
    ...objectsAt(pod, 'status', 'podIPs').map((entry) => textAt(entry, 'ip')),
    textAt(pod, 'status', 'podIP'),
  ]
  return addresses.find((address) => addressFamily(address) === (family === 'IPv6' ? 6 : 4))
}

/** A port whose name the pod's containers do not have leads nowhere in that pod and is left out. */
function resolvePorts(service: KubeObject, pod: KubeObject): JsonObject[] {
  return objectsAt(service, 'spec', 'ports').flatMap((port): JsonObject[] => {
    const number = targetPort(pod, { target: port.targetPort, protocol: textAt(port, 'protocol') })
    if (number === undefined) return []
    const { appProtocol } = port
    return [
      {
        name: textAt(port, 'name'),
        port: number,
        protocol: textAt(port, 'protocol'),
        ...(typeof appProtocol === 'string' ? { appProtocol } : {}),
      },
    ]
  })
}

function targetPort(
  pod: KubeObject,
  { target, protocol }: { target: Json | undefined; protocol: string },
): number | undefined {
  if (typeof target === 'number') return target
  const ports = objectsAt(pod, 'spec', 'containers').flatMap((container) => objectsAt(container, 'ports'))
  const named = ports.find((port) => port.name === target && port.protocol === protocol)
  return typeof named?.containerPort === 'number' ? named.containerPort : undefined
}

function endpointOf(
  pod: KubeObject,
  {
    address,
    publishesAll,
    zoneOf,
  }: { address: string; publishesAll: boolean; zoneOf: (node: string) => string | undefined },
): JsonObject {
  const serving = isPodReady(pod)
  const terminating = isDeleting(pod)
  const nodeName = textAt(pod, 'spec', 'nodeName')
  const hostname = textAt(pod, 'spec', 'hostname')
  const zone = zoneOf(nodeName)
  return {
    addresses: [address],
    conditions: {
      ready: publishesAll || (serving && !terminating),
      serving: serving || publishesAll,
      terminating,
    },
    ...(hostname === '' ? {} : { hostname }),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
    nodeName,
    ...(zone === undefined ? {} : { zone }),
  }
}

/**
 * Fits the groups into slices: endpoints stay in the slice where they are, new ones fill slices up, a slice that has
 * nothing left is used for another group or goes. A service without pods keeps one empty slice.
 */
export function planSlices(groups: readonly BackendGroup[], existing: readonly KubeObject[]): SlicePlan {
  const wanted = groups.length === 0 ? [{ ports: [], backends: [] }] : groups
  const free = new Set(existing)
  const kept: { slice: KubeObject; content: SliceContent }[] = []
  const added: SliceContent[] = []
  for (const { ports, backends } of wanted) {
    const own = [...free].filter((slice) => isEqual(slice.ports, [...ports]))
    const remaining = new Map(backends.map((backend) => [backend.podUid, backend]))
    const filled = own.map((slice) => {
      const stay = objectsAt(slice, 'endpoints').flatMap((endpoint) => {
        const uid = textAt(endpoint, 'targetRef', 'uid')
        const backend = remaining.get(uid)
        remaining.delete(uid)
        return backend === undefined ? [] : [backend]
      })
      return { slice, stay }
    })
    const rest = [...remaining.values()]
    for (const { slice, stay } of filled) {
      const endpoints = [...stay, ...rest.splice(0, maxEndpointsPerSlice - stay.length)]
      if (endpoints.length === 0 && backends.length > 0) continue
      if (endpoints.length === 0 && kept.some(({ content }) => content.ports === ports)) continue
      free.delete(slice)
      kept.push({ slice, content: { ports, endpoints } })
    }
    while (rest.length > 0) added.push({ ports, endpoints: rest.splice(0, maxEndpointsPerSlice) })
    if (backends.length === 0 && !kept.some(({ content }) => content.ports === ports))
      added.push({ ports, endpoints: [] })
  }
  // Changing a slice is one write where dropping it and making another are two.
  const unneeded = [...free]
  while (added.length > 0 && unneeded.length > 0) {
    const [slice, content] = [unneeded.shift(), added.shift()]
    if (slice !== undefined && content !== undefined) kept.push({ slice, content })
  }
  return { kept, added, unneeded }
}
