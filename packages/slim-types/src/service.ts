import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { decoding } from './errors.ts'
import { portOrNameAt, readPortOrName } from './int-or-string.ts'
import type { Interner } from './interner.ts'
import {
  asObject,
  integerAt,
  type JsonObject,
  objectAt,
  objectsAt,
  textAt,
  textMapAt,
  textsAt,
} from './json.ts'
import {
  anyJson,
  type JsonShape,
  listShape,
  objectShape,
  resourceShape,
  sharedMap,
  sharedText,
} from './json-shape.ts'
import {
  identifySlim,
  type MetaDraft,
  metaFromJson,
  metaOf,
  metaShapes,
  newMetaDraft,
  readMeta,
} from './meta.ts'
import { decodeMessage, enter, leave, readMapEntry } from './protobuf.ts'
import type { SlimService, SlimServicePort } from './types.ts'
import { canonicalIp, labelsOf, listOf, portNumber } from './values.ts'
import type { WireReader } from './wire-reader.ts'

/** The API's default for `sessionAffinity: ClientIP`. */
const defaultAffinityTimeoutSeconds = 10_800

export function serviceDecoder(interner: Interner): Decoder<SlimService> {
  return {
    kind: 'Service',
    apiVersion: 'v1',
    resource: 'services',
    fromProtobuf: (message) =>
      decodeMessage('Service', message, (reader, end) => readService(reader, end, interner)),
    jsonShape: serviceShape(interner),
    fromJson: (value) => decoding('Service', () => serviceFromJson(asObject(value, 'the object'))),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
}

type ServiceDraft = {
  meta: MetaDraft
  type: string
  clusterIP: string
  clusterIPs: string[]
  externalIPs: string[]
  loadBalancerIPs: string[]
  ports: SlimServicePort[]
  selector: Map<string, string>
  sessionAffinity: string
  affinityTimeoutSeconds: number
  internalTrafficPolicy: string
  externalTrafficPolicy: string
}

function newDraft(meta: MetaDraft): ServiceDraft {
  return {
    meta,
    type: '',
    clusterIP: '',
    clusterIPs: [],
    externalIPs: [],
    loadBalancerIPs: [],
    ports: [],
    selector: new Map(),
    sessionAffinity: '',
    affinityTimeoutSeconds: 0,
    internalTrafficPolicy: '',
    externalTrafficPolicy: '',
  }
}

function serviceOf(draft: ServiceDraft): SlimService {
  const clusterIPs =
    draft.clusterIPs.length === 0 && draft.clusterIP !== '' ? [draft.clusterIP] : draft.clusterIPs
  const hasAffinity = draft.sessionAffinity === 'ClientIP'
  const { name, namespace, uid, resourceVersion, labels } = metaOf(draft.meta)
  // Field by field: V8 gives a row into which another one is spread half as much memory again.
  return {
    name,
    namespace,
    uid,
    resourceVersion,
    labels,
    type: draft.type || 'ClusterIP',
    clusterIPs: listOf(clusterIPs.map(canonicalIp)),
    externalIPs: listOf(draft.externalIPs.map(canonicalIp)),
    loadBalancerIPs: listOf(draft.loadBalancerIPs.map(canonicalIp)),
    ports: listOf(draft.ports),
    selector: labelsOf(draft.selector),
    sessionAffinity: draft.sessionAffinity || 'None',
    sessionAffinityTimeoutSeconds: hasAffinity
      ? draft.affinityTimeoutSeconds || defaultAffinityTimeoutSeconds
      : 0,
    internalTrafficPolicy: draft.internalTrafficPolicy || 'Cluster',
    externalTrafficPolicy: draft.externalTrafficPolicy || 'Cluster',
  }
}

type PortDraft = Omit<SlimServicePort, 'targetPort'> & { targetPort: number | string | undefined }

/** The API's defaults: TCP, and the target port is the port. */
function portOf({ name, protocol, port, targetPort, nodePort }: PortDraft): SlimServicePort {
  return {
    name,
    protocol: protocol || 'TCP',
    port: portNumber(port),
    targetPort: targetPort || port,
    nodePort: portNumber(nodePort),
  }
}

/** An address whose traffic the load balancer hands to nodes unchanged; mode `Proxy` is not answered by nodes. */
function isServedByNodes(ingress: { ip: string; ipMode: string }): boolean {
  return ingress.ip !== '' && ingress.ipMode !== 'Proxy'
}

function readService(reader: WireReader, end: number, interner: Interner): SlimService {
  const draft = newDraft(newMetaDraft())
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        readMeta(reader, draft.meta, interner)
        break
      case (2 << 3) | 2:
        readSpec(reader, draft, interner)
        break
      case (3 << 3) | 2:
        readStatus(reader, draft)
        break
      default:
        reader.skip(tag)
    }
  }
  return serviceOf(draft)
}

function readSpec(reader: WireReader, draft: ServiceDraft, interner: Interner): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        draft.ports.push(readPort(reader, interner))
        break
      case (2 << 3) | 2:
        readMapEntry(reader, draft.selector, interner)
        break
      case (3 << 3) | 2:
        draft.clusterIP = reader.string()
        break
      case (4 << 3) | 2:
        draft.type = reader.interned(interner)
        break
      case (5 << 3) | 2:
        draft.externalIPs.push(reader.string())
        break
      case (7 << 3) | 2:
        draft.sessionAffinity = reader.interned(interner)
        break
      case (11 << 3) | 2:
        draft.externalTrafficPolicy = reader.interned(interner)
        break
      case (14 << 3) | 2:
        draft.affinityTimeoutSeconds = readAffinityTimeout(reader)
        break
      case (18 << 3) | 2:
        draft.clusterIPs.push(reader.string())
        break
      case (22 << 3) | 2:
        draft.internalTrafficPolicy = reader.interned(interner)
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
}

function readPort(reader: WireReader, interner: Interner): SlimServicePort {
  const end = enter(reader)
  const port: { -readonly [K in keyof PortDraft]: PortDraft[K] } = {
    name: '',
    protocol: '',
    port: 0,
    targetPort: undefined,
    nodePort: 0,
  }
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        port.name = reader.interned(interner)
        break
      case (2 << 3) | 2:
        port.protocol = reader.interned(interner)
        break
      case (3 << 3) | 0:
        port.port = reader.int32()
        break
      case (4 << 3) | 2:
        port.targetPort = readPortOrName(reader, interner)
        break
      case (5 << 3) | 0:
        port.nodePort = reader.int32()
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return portOf(port)
}

/** SessionAffinityConfig.clientIP.timeoutSeconds. */
function readAffinityTimeout(reader: WireReader): number {
  const end = enter(reader)
  let seconds = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag !== ((1 << 3) | 2)) {
      reader.skip(tag)
      continue
    }
    const clientEnd = enter(reader)
    while (reader.pos < clientEnd) {
      const inner = reader.tag()
      if (inner === ((1 << 3) | 0)) seconds = reader.int32()
      else reader.skip(inner)
    }
    leave(reader, clientEnd)
  }
  leave(reader, end)
  return seconds
}

/** ServiceStatus.loadBalancer.ingress. */
function readStatus(reader: WireReader, draft: ServiceDraft): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag !== ((1 << 3) | 2)) {
      reader.skip(tag)
      continue
    }
    const balancerEnd = enter(reader)
    while (reader.pos < balancerEnd) {
      const inner = reader.tag()
      if (inner !== ((1 << 3) | 2)) {
        reader.skip(inner)
        continue
      }
      const ingress = readIngress(reader)
      if (isServedByNodes(ingress)) draft.loadBalancerIPs.push(ingress.ip)
    }
    leave(reader, balancerEnd)
  }
  leave(reader, end)
}

function readIngress(reader: WireReader): { ip: string; ipMode: string } {
  const end = enter(reader)
  const ingress = { ip: '', ipMode: '' }
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) ingress.ip = reader.string()
    else if (tag === ((3 << 3) | 2)) ingress.ipMode = reader.string()
    else reader.skip(tag)
  }
  leave(reader, end)
  return ingress
}

function serviceShape(interner: Interner): JsonShape {
  const shared = sharedText(interner)
  const port = { name: shared, protocol: shared, port: anyJson, targetPort: shared, nodePort: anyJson }
  const ingress = listShape(objectShape({ ip: anyJson, ipMode: shared }))
  const spec = objectShape({
    type: shared,
    clusterIP: anyJson,
    clusterIPs: anyJson,
    externalIPs: anyJson,
    ports: listShape(objectShape(port)),
    selector: sharedMap(interner),
    sessionAffinity: shared,
    sessionAffinityConfig: objectShape({ clientIP: objectShape({ timeoutSeconds: anyJson }) }),
    internalTrafficPolicy: shared,
    externalTrafficPolicy: shared,
  })
  const status = objectShape({ loadBalancer: objectShape({ ingress }) })
  return resourceShape({ spec, status }, metaShapes(interner))
}

function serviceFromJson(object: JsonObject): SlimService {
  const draft = newDraft(metaFromJson(object))
  const spec = objectAt(object, 'spec') ?? {}
  draft.type = textAt(spec, 'type')
  draft.clusterIP = textAt(spec, 'clusterIP')
  draft.clusterIPs = textsAt(spec, 'clusterIPs')
  draft.externalIPs = textsAt(spec, 'externalIPs')
  draft.ports = objectsAt(spec, 'ports').map(portFromJson)
  draft.selector = textMapAt(spec, 'selector')
  draft.sessionAffinity = textAt(spec, 'sessionAffinity')
  const affinity = objectAt(spec, 'sessionAffinityConfig') ?? {}
  draft.affinityTimeoutSeconds = integerAt(objectAt(affinity, 'clientIP') ?? {}, 'timeoutSeconds')
  draft.internalTrafficPolicy = textAt(spec, 'internalTrafficPolicy')
  draft.externalTrafficPolicy = textAt(spec, 'externalTrafficPolicy')
  const balancer = objectAt(objectAt(object, 'status') ?? {}, 'loadBalancer') ?? {}
  draft.loadBalancerIPs = objectsAt(balancer, 'ingress')
    .map((ingress) => ({ ip: textAt(ingress, 'ip'), ipMode: textAt(ingress, 'ipMode') }))
    .filter(isServedByNodes)
    .map((ingress) => ingress.ip)
  return serviceOf(draft)
}

function portFromJson(port: JsonObject): SlimServicePort {
  return portOf({
    name: textAt(port, 'name'),
    protocol: textAt(port, 'protocol'),
    port: integerAt(port, 'port'),
    targetPort: portOrNameAt(port, 'targetPort'),
    nodePort: integerAt(port, 'nodePort'),
  })
}
