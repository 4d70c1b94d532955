import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type BpfMap, openBpfKernel } from '@axoneme/bpf'
import {
  ipcacheKey,
  ipcacheValue,
  lb4Backend,
  lb4BackendKey,
  lb4Service,
  lb4ServiceKey,
} from '@axoneme/bpf-programs'
import { type IdentityId, reservedIdentity } from '@axoneme/identity'
import {
  type ClusterShape,
  endpointSliceObject,
  ipEntry,
  nodeRow,
  serviceObject,
} from '@axoneme/scale-sim/model'
import { z } from 'zod'

/** What the kernel's maps must hold, as text, made from the model and from nothing that the agent says. */
export type ExpectedMaps = Readonly<{
  /** `prefix` -> `identity via tunnel endpoint`. */
  ipcache: ReadonlyMap<string, string>
  /** `address:port` -> sorted `address:port` of the backends. */
  services: ReadonlyMap<string, string>
}>

export function expectedMaps(
  shape: ClusterShape,
  own: { address: string; routerIp: string; apiserver: { frontend: string; backend: string } },
): ExpectedMaps {
  const ipcache = new Map<string, string>()
  const put = (prefix: string, identity: IdentityId, tunnel = '0.0.0.0') =>
    ipcache.set(prefix, `${identity} via ${tunnel}`)
  put(`${own.address}/32`, reservedIdentity.host)
  put(`${own.routerIp}/32`, reservedIdentity.host)
  for (let node = 0; node < shape.nodes; node++) {
    const { internalIp, routerIp, podCidrs } = nodeRow(shape, node)
    put(`${internalIp}/32`, reservedIdentity.remoteNode)
    put(`${routerIp}/32`, reservedIdentity.remoteNode, internalIp)
    for (const podCidr of podCidrs) put(podCidr, reservedIdentity.world, internalIp)
  }
  for (let pod = 0; pod < shape.pods; pod++) {
    const { IP, ID, HostIP } = ipValueSchema.parse(JSON.parse(ipEntry(shape, pod).value))
    put(`${IP}/32`, ID, HostIP)
  }
  const services = new Map([[own.apiserver.frontend, own.apiserver.backend]])
  for (let index = 0; index < shape.services; index++) {
    const { spec } = serviceSchema.parse(serviceObject(shape, index))
    const { endpoints, ports } = sliceSchema.parse(endpointSliceObject(shape, index))
    const backends = endpoints.map(({ addresses: [address] }) => `${address}:${ports[0].port}`).sort()
    services.set(`${spec.clusterIP}:${spec.ports[0].port}`, backends.join(' '))
  }
  return { ipcache, services }
}

const ipValueSchema = z.object({ IP: z.string(), ID: z.int(), HostIP: z.string() })
const onePort = z.tuple([z.object({ port: z.int() })])
const serviceSchema = z.object({ spec: z.object({ clusterIP: z.string(), ports: onePort }) })
const sliceSchema = z.object({
  endpoints: z.array(z.object({ addresses: z.tuple([z.string()]) })),
  ports: onePort,
})

/** The maps that the agent pinned; undefined while they are not there. */
export function openKernelMaps(mapDir: string): KernelMaps | undefined {
  const names = ['axo_ipcache', 'axo_lb4_services', 'axo_lb4_backends'] as const
  const paths = names.map((name) => join(mapDir, name))
  if (!paths.every((path) => existsSync(path))) return undefined
  const kernel = openBpfKernel()
  const [ipcache, services, backends] = paths.map((path) => kernel.openPinnedMap(path))
  if (ipcache === undefined || services === undefined || backends === undefined)
    throw new TypeError('three paths')
  return new KernelMaps({ ipcache, services, backends })
}

export class KernelMaps implements Disposable {
  readonly #maps: Readonly<Record<'ipcache' | 'services' | 'backends', BpfMap>>

  constructor(maps: Readonly<Record<'ipcache' | 'services' | 'backends', BpfMap>>) {
    this.#maps = maps
  }

  /** Cheap: whether a few of the entries that are expected are there, the last of each kind among them. */
  mayBeComplete({ ipcache, services }: ExpectedMaps): boolean {
    const sampled = (keys: string[]) => keys.filter((_, i) => i % 997 === 0 || i === keys.length - 1)
    return (
      sampled([...ipcache.keys()]).every(
        (prefix) => this.#maps.ipcache.lookup(encodePrefix(prefix)) !== undefined,
      ) &&
      sampled([...services.keys()]).every(
        (key) => this.#maps.services.lookup(encodeFrontend(key)) !== undefined,
      )
    )
  }

  /** What differs from what is expected, for people; empty when nothing does. */
  differences(expected: ExpectedMaps): string[] {
    return [
      ...difference('ipcache', expected.ipcache, this.#readIpcache()),
      ...difference('services', expected.services, this.#readServices()),
    ]
  }

  #readIpcache(): Map<string, string> {
    const read = new Map<string, string>()
    for (const [key, value] of this.#maps.ipcache.entries()) {
      const { prefixLength, address } = ipcacheKey.decode(key)
      const { identity, tunnelEndpoint } = ipcacheValue.decode(value)
      read.set(
        `${address.slice(0, 4).join('.')}/${prefixLength - 32}`,
        `${identity} via ${ipText(tunnelEndpoint)}`,
      )
    }
    return read
  }

  #readServices(): Map<string, string> {
    const backends = new Map<number, string>()
    for (const [key, value] of this.#maps.backends.entries()) {
      const { address, port } = lb4Backend.decode(value)
      backends.set(lb4BackendKey.decode(key).id, `${ipText(address)}:${port}`)
    }
    const counts = new Map<string, number>()
    const slots = new Map<string, string[]>()
    for (const [key, value] of this.#maps.services.entries()) {
      const { address, port, slot } = lb4ServiceKey.decode(key)
      const { count, backendId } = lb4Service.decode(value)
      const frontend = `${ipText(address)}:${port}`
      if (slot === 0) counts.set(frontend, count)
      else
        slots.set(frontend, [
          ...(slots.get(frontend) ?? []),
          backends.get(backendId) ?? `no backend ${backendId}`,
        ])
    }
    const read = new Map<string, string>()
    for (const [frontend, count] of counts) {
      const targets = (slots.get(frontend) ?? []).sort()
      read.set(frontend, targets.length === count ? targets.join(' ') : `${count} of ${targets.join(' ')}`)
    }
    for (const frontend of slots.keys())
      if (!counts.has(frontend)) read.set(frontend, 'slots without a service')
    return read
  }

  [Symbol.dispose](): void {
    for (const map of Object.values(this.#maps)) map.close()
  }
}

function difference(
  what: string,
  wanted: ReadonlyMap<string, string>,
  read: ReadonlyMap<string, string>,
): string[] {
  const wrong = [...wanted].filter(([key, value]) => read.get(key) !== value)
  const extra = [...read.keys()].filter((key) => !wanted.has(key))
  return [
    ...wrong.map(([key, value]) => `${what} ${key}: ${read.get(key) ?? 'missing'} instead of ${value}`),
    ...extra.map((key) => `${what} ${key}: ${read.get(key)} instead of nothing`),
  ]
}

function encodePrefix(prefix: string): Buffer {
  const [ip = '', length] = prefix.split('/')
  const address = new Uint8Array(16)
  address.set(ip.split('.').map(Number))
  return ipcacheKey.encode({ prefixLength: 32 + Number(length), family: 1, address })
}

function encodeFrontend(frontend: string): Buffer {
  const [ip = '', port] = frontend.split(':')
  const address = Buffer.from(ip.split('.').map(Number)).readUInt32BE()
  return lb4ServiceKey.encode({ address, port: Number(port), slot: 0, protocol: 6 })
}

function ipText(address: number): string {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.')
}
