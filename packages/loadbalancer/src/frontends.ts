import { addressFamily, type L4Protocol, parseL4Protocol } from '@axoneme/net-types'
import {
  objectKey,
  type SlimEndpointSlice,
  type SlimService,
  type SlimServicePort,
} from '@axoneme/slim-types'
import { frontendKey } from './keys.ts'
import type { Backend, FrontendRow } from './types.ts'

/**
 * The ClusterIP frontends of a service, also of types NodePort and LoadBalancer; none for headless services and
 * ExternalName. One without backends is a row too: its traffic is dropped with a reason and does not leave the node.
 */
export function frontendsOf({
  service,
  slices,
  nodeName,
}: {
  service: SlimService
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
      const candidates = candidatesOf(ofFamily, { port, protocol })
      return [
        {
          key: frontendKey({ address, port: port.port, protocol }),
          address,
          port: port.port,
          protocol,
          kind: 'ClusterIP',
          service: objectKey(service),
          portName: port.name,
          affinityTimeoutSeconds:
            service.sessionAffinity === 'ClientIP' ? service.sessionAffinityTimeoutSeconds : 0,
          backends: chooseBackends(
            isLocalOnly ? candidates.filter(({ backend }) => backend.nodeName === nodeName) : candidates,
          ),
        },
      ]
    })
  })
}

/** A backend that may be chosen: `ready`, or serving its last connections while it ends. */
type Candidate = Readonly<{ backend: Backend; ready: boolean }>

/** Slices name their ports as the service does; the number behind the name may differ from slice to slice. */
function candidatesOf(
  slices: readonly SlimEndpointSlice[],
  { port, protocol }: { port: SlimServicePort; protocol: L4Protocol },
): Candidate[] {
  return slices.flatMap((slice) => {
    const numbers = slice.ports
      .filter(
        (candidate) => candidate.name === port.name && candidate.protocol === protocol && candidate.port > 0,
      )
      .map((candidate) => candidate.port)
    return slice.endpoints.flatMap(({ addresses, ready, serving, terminating, nodeName }): Candidate[] => {
      // The addresses of one endpoint are interchangeable; readers use the first (discovery.k8s.io/v1).
      const address = addresses[0]
      if (address === undefined || addressFamily(address) === undefined) return []
      if (!ready && !(serving && terminating)) return []
      const state = ready ? 'active' : 'terminating'
      return numbers.map((number) => ({
        backend: { address, port: number, protocol, state, nodeName },
        ready,
      }))
    })
  })
}

/** The ready ones; when there is none, those that still serve while they end (Kubernetes, KEP-1669). */
function chooseBackends(candidates: readonly Candidate[]): Backend[] {
  const ready = candidates.filter((candidate) => candidate.ready)
  const chosen = ready.length > 0 ? ready : candidates
  const unique = new Map<string, Backend>()
  for (const { backend } of chosen) {
    const key = `${backend.address}:${backend.port}`
    if (!unique.has(key)) unique.set(key, backend)
  }
  return [...unique.values()].sort(compareBackends)
}

function compareBackends(a: Backend, b: Backend): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1
  return a.port - b.port
}
