import { join } from 'node:path'
import type { EndpointId } from '@axoneme/endpoint'

/** Where everything is pinned below the BPF file system: the one place that knows the layout. */
export type PinPaths = Readonly<{
  /** Maps of the node. */
  maps: string
  map: (name: string) => string
  /** Links of the node's own devices: `<device>-<direction>`. */
  deviceLinks: string
  deviceLink: (device: string, direction: 'ingress' | 'egress') => string
  endpoints: string
  endpoint: (id: EndpointId) => string
  policyMap: (id: EndpointId) => string
  endpointLink: (id: EndpointId, program: string) => string
}>

export function pinPaths(root: string): PinPaths {
  const maps = join(root, 'maps')
  const deviceLinks = join(root, 'devices')
  const endpoints = join(root, 'endpoints')
  const endpoint = (id: EndpointId) => join(endpoints, String(id))
  return {
    maps,
    map: (name) => join(maps, name),
    deviceLinks,
    deviceLink: (device, direction) => join(deviceLinks, `${device}-${direction}`),
    endpoints,
    endpoint,
    policyMap: (id) => join(endpoint(id), 'policy'),
    endpointLink: (id, program) => join(endpoint(id), `link-${program}`),
  }
}
