import { ByteCache } from './byte-cache.ts'
import type { Decoder } from './decoder.ts'
import { equalValues } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { asObject, flagAt, integerAt, type JsonObject, objectAt, objectsAt, textAt } from './json.ts'
import { anyJson, type JsonShape, listShape, objectShape, resourceShape, sharedText } from './json-shape.ts'
import { createLabelMaps, type LabelMaps } from './label-maps.ts'
import { identifySlim, type MetaDraft, metaFromJson, metaShapes, newMetaDraft, readMeta } from './meta.ts'
import { decodeMessage, enter, leave, readTextOf } from './protobuf.ts'
import type { SlimContainerPort, SlimPod } from './types.ts'
import { canonicalIp, listOf, none, portNumber } from './values.ts'
import type { WireReader } from './wire-reader.ts'

export function podDecoder(interner: Interner): Decoder<SlimPod> {
  const sharing: Sharing = {
    interner,
    labelMaps: createLabelMaps(interner),
    ports: new ByteCache({ maxEntries: 10_000 }),
  }
  const read = (reader: WireReader, end: number) => readPod(reader, end, sharing)
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    resource: 'pods',
    fromProtobuf: (message) => decodeMessage('Pod', message, read),
    jsonShape: podShape(interner),
    fromJson: (value) => decoding('Pod', () => podFromJson(asObject(value, 'the object'), interner)),
    identify: identifySlim,
    equals: equalPods,
  }
}

/** What pods have in common, in one copy. */
type Sharing = Readonly<{
  interner: Interner
  labelMaps: LabelMaps
  /** By their messages, each as the only one of its pod. */
  ports: ByteCache<readonly [SlimContainerPort]>
}>

/** Whether two states of a pod differ in nothing but their resourceVersion. */
export function equalPods(a: SlimPod, b: SlimPod): boolean {
  return (
    a.phase === b.phase &&
    a.deleting === b.deleting &&
    a.nodeName === b.nodeName &&
    a.hostIP === b.hostIP &&
    a.hostNetwork === b.hostNetwork &&
    a.serviceAccount === b.serviceAccount &&
    a.uid === b.uid &&
    a.name === b.name &&
    a.namespace === b.namespace &&
    equalValues(a.podIPs, b.podIPs) &&
    equalValues(a.labels, b.labels) &&
    equalValues(a.ports, b.ports)
  )
}

type PodDraft = {
  meta: MetaDraft
  nodeName: string
  serviceAccountName: string
  /** The deprecated name of the field before, which the API keeps equal. */
  serviceAccount: string
  hostNetwork: boolean
  phase: string
  hostIP: string
  /** In canonical spelling. */
  podIPs: string[]
  ports: readonly SlimContainerPort[]
  sidecarPorts: readonly SlimContainerPort[]
}

function newDraft(meta: MetaDraft): PodDraft {
  return {
    meta,
    nodeName: '',
    serviceAccountName: '',
    serviceAccount: '',
    hostNetwork: false,
    phase: '',
    hostIP: '',
    podIPs: [],
    ports: none,
    sidecarPorts: none,
  }
}

function podOf(draft: PodDraft): SlimPod {
  const { meta } = draft
  return {
    name: meta.name,
    namespace: meta.namespace,
    uid: meta.uid,
    resourceVersion: meta.resourceVersion,
    labels: meta.labels,
    nodeName: draft.nodeName,
    serviceAccount: draft.serviceAccountName === '' ? draft.serviceAccount : draft.serviceAccountName,
    hostNetwork: draft.hostNetwork,
    phase: draft.phase,
    hostIP: draft.hostIP,
    podIPs: draft.podIPs.length === 0 ? none : draft.podIPs.slice(),
    ports: joinLists(draft.ports, draft.sidecarPorts),
    deleting: meta.deleting,
  }
}

/** Lists of one element are shared: they are not copied unless they must. */
function joinLists<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  if (b.length === 0) return listOf(a)
  return a.length === 0 ? b : [...a, ...b]
}

function readPod(reader: WireReader, end: number, sharing: Sharing): SlimPod {
  const { interner, labelMaps } = sharing
  const draft = newDraft(newMetaDraft(labelMaps))
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        readMeta(reader, draft.meta, interner)
        break
      case (2 << 3) | 2:
        readSpec(reader, draft, sharing)
        break
      case (3 << 3) | 2:
        readStatus(reader, draft, interner)
        break
      default:
        reader.skip(tag)
    }
  }
  return podOf(draft)
}

function readSpec(reader: WireReader, draft: PodDraft, sharing: Sharing): void {
  const { interner } = sharing
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (2 << 3) | 2: // containers
        draft.ports = joinLists(draft.ports, readContainer(reader, sharing).ports)
        break
      case (20 << 3) | 2: // initContainers: those that restart run beside the containers
        draft.sidecarPorts = joinLists(draft.sidecarPorts, sidecarPorts(readContainer(reader, sharing)))
        break
      case (8 << 3) | 2:
        draft.serviceAccountName = reader.interned(interner)
        break
      case (9 << 3) | 2:
        draft.serviceAccount = reader.interned(interner)
        break
      case (10 << 3) | 2:
        draft.nodeName = reader.interned(interner)
        break
      case (11 << 3) | 0:
        draft.hostNetwork = reader.bool()
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
}

function readStatus(reader: WireReader, draft: PodDraft, interner: Interner): void {
  const end = enter(reader)
  let podIPAt = -1
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        draft.phase = reader.interned(interner)
        break
      case (5 << 3) | 2:
        draft.hostIP = canonicalAddress(reader.interned(interner), interner)
        break
      case (6 << 3) | 2: // podIP: wanted only where the list beside it is absent
        podIPAt = reader.pos
        reader.skip(tag)
        break
      case (12 << 3) | 2: // podIPs
        draft.podIPs.push(canonicalIp(readTextOf(reader, (1 << 3) | 2)))
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  if (podIPAt < 0 || draft.podIPs.length > 0) return
  reader.pos = podIPAt
  const podIP = reader.string()
  if (podIP !== '') draft.podIPs.push(canonicalIp(podIP))
  reader.pos = end
}

function canonicalAddress(text: string, interner: Interner): string {
  const canonical = canonicalIp(text)
  return canonical === text ? text : interner.intern(canonical)
}

const maxSharedPortBytes = 256

type Container = Readonly<{ ports: readonly SlimContainerPort[]; restartPolicy: string }>

function sidecarPorts(container: Container): readonly SlimContainerPort[] {
  return container.restartPolicy === 'Always' ? container.ports : none
}

function readContainer(reader: WireReader, sharing: Sharing): Container {
  const end = enter(reader)
  let ports: readonly SlimContainerPort[] = none
  let restartPolicy = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (6 << 3) | 2:
        ports = joinLists(ports, readSharedPort(reader, sharing))
        break
      case (24 << 3) | 2:
        restartPolicy = reader.stringOr('Always')
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return { ports, restartPolicy }
}

function readSharedPort(reader: WireReader, { interner, ports }: Sharing): readonly [SlimContainerPort] {
  const start = reader.pos
  const end = enter(reader)
  const isKept = end - start <= maxSharedPortBytes
  const known = isKept ? ports.find(reader.bytes, start, end) : undefined
  if (known !== undefined) {
    reader.pos = end
    return known
  }
  reader.pos = start
  const port = [readContainerPort(reader, interner)] as const
  if (isKept) ports.add(reader.bytes.toString('latin1', start, end), port)
  return port
}

function readContainerPort(reader: WireReader, interner: Interner): SlimContainerPort {
  const end = enter(reader)
  let name = ''
  let port = 0
  let protocol = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        name = reader.interned(interner)
        break
      case (3 << 3) | 0:
        port = reader.int32()
        break
      case (4 << 3) | 2:
        protocol = reader.interned(interner)
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return { name, port: portNumber(port), protocol: protocol || 'TCP' }
}

function podShape(interner: Interner): JsonShape {
  const shared = sharedText(interner)
  const ports = listShape(objectShape({ name: shared, containerPort: anyJson, protocol: shared }))
  const spec = objectShape({
    nodeName: shared,
    serviceAccountName: shared,
    serviceAccount: shared,
    hostNetwork: anyJson,
    containers: listShape(objectShape({ ports })),
    initContainers: listShape(objectShape({ ports, restartPolicy: shared })),
  })
  const podIPs = listShape(objectShape({ ip: anyJson }))
  const status = objectShape({ phase: shared, hostIP: shared, podIP: anyJson, podIPs })
  return resourceShape({ spec, status }, metaShapes(interner))
}

function podFromJson(object: JsonObject, interner: Interner): SlimPod {
  const draft = newDraft(metaFromJson(object))
  const spec = objectAt(object, 'spec') ?? {}
  draft.nodeName = textAt(spec, 'nodeName')
  draft.serviceAccountName = textAt(spec, 'serviceAccountName')
  draft.serviceAccount = textAt(spec, 'serviceAccount')
  draft.hostNetwork = flagAt(spec, 'hostNetwork') ?? false
  draft.ports = objectsAt(spec, 'containers').flatMap(portsFromJson)
  draft.sidecarPorts = objectsAt(spec, 'initContainers').flatMap((container) =>
    sidecarPorts({ ports: portsFromJson(container), restartPolicy: textAt(container, 'restartPolicy') }),
  )
  const status = objectAt(object, 'status') ?? {}
  draft.phase = textAt(status, 'phase')
  draft.hostIP = canonicalAddress(textAt(status, 'hostIP'), interner)
  draft.podIPs = objectsAt(status, 'podIPs').map((entry) => canonicalIp(textAt(entry, 'ip')))
  const podIP = textAt(status, 'podIP')
  if (draft.podIPs.length === 0 && podIP !== '') draft.podIPs.push(canonicalIp(podIP))
  return podOf(draft)
}

function portsFromJson(container: JsonObject): SlimContainerPort[] {
  return objectsAt(container, 'ports').map((port) => ({
    name: textAt(port, 'name'),
    port: portNumber(integerAt(port, 'containerPort')),
    protocol: textAt(port, 'protocol') || 'TCP',
  }))
}
