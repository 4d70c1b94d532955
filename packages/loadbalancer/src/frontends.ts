import { addressFamily, type L4Protocol, parseL4Protocol } from '@axoneme/net-types'
import {
  objectKey,
  type SlimEndpointSlice,
  type SlimService,
  type SlimServicePort,
  type SlimSliceEndpoint,
} from '@axoneme/slim-types'
import { frontendKey } from './keys.ts'
import { type Backend, type BackendState, compareStates, type FrontendRow } from './types.ts'

/**
 * The ClusterIP frontends of a service, also of types NodePort and LoadBalancer; none for headless services and
 * ExternalName. One without backends is a row too: its traffic is dropped with a reason and does not leave the node.
 */
export function frontendsOf({
  service,
  key = objectKey(service),
  slices,
  nodeName,
}: {
  service: SlimService
  /** `namespace/name` of the service, where its string is there already. */
  key?: string
  /** All EndpointSlices of the service, in any order. */
  slices: readonly SlimEndpointSlice[]
  /** This node: needed to keep traffic on it where `internalTrafficPolicy` is Local. */
  nodeName: string
}): FrontendRow[] {
  if (service.type === 'ExternalName') return []
  const isLocalOnly = service.internalTrafficPolicy === 'Local'
  return service.clusterIPs.flatMap((address) => {
    const family = addressFamily(address)
    // `None` marks a headless service.
    if (family === undefined) return []
    const ofFamily = slices.filter((slice) => slice.addressType === `IPv${family}`)
    return service.ports.flatMap((port): FrontendRow[] => {
      const protocol = parseL4Protocol(port.protocol)
      if (protocol === undefined || port.port === 0) return []
      const backends = backendsOf(ofFamily, { port, protocol })
      return [
        {
          key: frontendKey({ address, port: port.port, protocol }),
          address,
          port: port.port,
          protocol,
          kind: 'ClusterIP',
          service: key,
          portName: port.name,
          affinityTimeoutSeconds:
            service.sessionAffinity === 'ClientIP' ? service.sessionAffinityTimeoutSeconds : 0,
          backends: sortUnique(
            isLocalOnly ? backends.filter((backend) => backend.nodeName === nodeName) : backends,
          ),
        },
      ]
    })
  })
}

/** Slices name their ports as the service does; the number behind the name may differ from slice to slice. */
function backendsOf(
  slices: readonly SlimEndpointSlice[],
  { port, protocol }: { port: SlimServicePort; protocol: L4Protocol },
): Backend[] {
  return slices.flatMap((slice) => {
    const numbers = slice.ports
      .filter(
        (candidate) => candidate.name === port.name && candidate.protocol === protocol && candidate.port > 0,
      )
      .map((candidate) => candidate.port)
    return slice.endpoints.flatMap((endpoint): Backend[] => {
      const { address, nodeName } = endpoint
      if (addressFamily(address) === undefined) return []
      return numbers.map((number) => ({
        address,
        port: number,
        protocol,
        state: stateOf(endpoint),
        nodeName,
      }))
    })
  })
}

function stateOf({ ready, serving, terminating }: SlimSliceEndpoint): BackendState {
  if (ready) return 'active'
  return serving && terminating ? 'terminating' : 'draining'
}

/** While a pod moves from slice to slice it is in two of them: the better state counts. */
function sortUnique(backends: readonly Backend[]): Backend[] {
  const unique = new Map<string, Backend>()
  for (const backend of backends) {
    const key = frontendKey(backend)
    const known = unique.get(key)
    if (known === undefined || compareStates(backend.state, known.state) < 0) unique.set(key, backend)
  }
  return [...unique.values()].sort(compareBackends)
}

function compareBackends(a: Backend, b: Backend): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1
  return a.port - b.port
}
