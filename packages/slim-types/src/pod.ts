import { ByteCache } from './byte-cache.ts'
import type { DecodedObject, Decoder } from './decoder.ts'
import { equalValues } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { canonicalIp, readIp } from './ip-text.ts'
import { asObject, flagAt, integerAt, type JsonObject, objectAt, objectsAt, textAt } from './json.ts'
import { anyJson, type JsonShape, listShape, objectShape, resourceShape, sharedText } from './json-shape.ts'
import { KnownObjects } from './known-objects.ts'
import { createLabelMaps, type LabelMaps } from './label-maps.ts'
import { identifySlim, type MetaDraft, metaFromJson, metaShapes, readMeta } from './meta.ts'
import { enter, leave, MessageDecoder } from './protobuf.ts'
import type { ResourceVersion } from './resource-version.ts'
import type { Labels, SlimContainerPort, SlimPod } from './types.ts'
import { listOf, noLabels, none, portNumber } from './values.ts'
import type { WireReader } from './wire-reader.ts'

export function podDecoder(interner: Interner): Decoder<SlimPod> {
  const sharing: Sharing = {
    interner,
    draft: new PodDraft(createLabelMaps(interner)),
    ports: new ByteCache({ maxEntries: 10_000 }),
    knownPods: undefined,
  }
  const messages = new MessageDecoder('Pod')
  const read = (reader: WireReader, end: number) => podOf(readPod(reader, end, sharing))
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    resource: 'pods',
    fromProtobuf: (message) => messages.decode(message, read),
    updatesFromProtobuf: (known) => {
      const knownPods = new KnownObjects(known, reachPods)
      const knowing = { ...sharing, knownPods }
      const update = (reader: WireReader, end: number) => updatePod(reader, end, knowing)
      return {
        expect: (message) => knownPods.expect(message),
        recall: () => knownPods.recall(),
        decode: (message) => {
          knownPods.begin(message)
          return messages.decode(message, update)
        },
      }
    },
    jsonShape: podShape(interner),
    fromJson: (value) => decoding('Pod', () => podFromJson(asObject(value, 'the object'), interner)),
    identify: identifySlim,
    equals: equalPods,
  }
}

/** What pods have in common, in one copy. */
type Sharing = Readonly<{
  interner: Interner
  /** Of the pod that is read. */
  draft: PodDraft
  /** By their messages, each as the only one of its pod. */
  ports: ByteCache<readonly [SlimContainerPort]>
  /** Where earlier states are known. */
  knownPods: KnownObjects<SlimPod> | undefined
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

/** A pod while it is read. A decoder has one for all its pods: of what is read, only what differs allocates. */
class PodDraft implements MetaDraft, SlimPod, DecodedObject<SlimPod> {
  name!: string
  namespace!: string
  uid!: string
  resourceVersion!: ResourceVersion
  labels!: Labels
  deleting!: boolean
  nodeName!: string
  serviceAccount!: string
  hostNetwork!: boolean
  phase!: string
  hostIP!: string
  podIPs!: readonly string[]
  ports!: readonly SlimContainerPort[]
  /** How often the metadata came. */
  metadataCount!: number
  /** An earlier state of the same pod. */
  known: SlimPod | undefined
  /** What the pod is, once all was read. */
  row!: SlimPod
  /** The deprecated name of the service account, which the API keeps equal. */
  deprecatedServiceAccount!: string
  /** How many addresses were read. */
  podIPCount!: number
  /** In canonical spelling; undefined while they are those of the known state, as far as they were read. */
  newPodIPs: readonly string[] | undefined
  sidecarPorts!: readonly SlimContainerPort[]
  readonly labelMaps: LabelMaps | undefined

  constructor(labelMaps?: LabelMaps) {
    this.labelMaps = labelMaps
    this.clear()
  }

  /** For the next pod. */
  clear(): void {
    this.name = ''
    this.namespace = ''
    this.uid = ''
    this.resourceVersion = ''
    this.labels = noLabels
    this.deleting = false
    this.nodeName = ''
    this.serviceAccount = ''
    this.hostNetwork = false
    this.phase = ''
    this.hostIP = ''
    this.podIPs = none
    this.ports = none
    this.metadataCount = 0
    this.known = undefined
    this.deprecatedServiceAccount = ''
    this.podIPCount = 0
    this.newPodIPs = undefined
    this.sidecarPorts = none
  }
}

/** What the draft is when all was read. */
function podOf(draft: PodDraft): SlimPod {
  return {
    name: draft.name,
    namespace: draft.namespace,
    uid: draft.uid,
    resourceVersion: draft.resourceVersion,
    labels: draft.labels,
    nodeName: draft.nodeName,
    serviceAccount: draft.serviceAccount,
    hostNetwork: draft.hostNetwork,
    phase: draft.phase,
    hostIP: draft.hostIP,
    podIPs: draft.podIPs,
    ports: draft.ports,
    deleting: draft.deleting,
  }
}

/** Concludes what follows from all that was read. */
function complete(draft: PodDraft): PodDraft {
  draft.podIPs = podIPsOf(draft)
  if (draft.serviceAccount === '') draft.serviceAccount = draft.deprecatedServiceAccount
  if (draft.ports !== draft.known?.ports) draft.ports = joinLists(draft.ports, draft.sidecarPorts)
  return draft
}

/** The list of the known state itself where it is equal. */
function podIPsOf({ known, newPodIPs, podIPCount }: PodDraft): readonly string[] {
  if (newPodIPs !== undefined) return newPodIPs
  if (known === undefined || podIPCount === 0) return none
  return podIPCount === known.podIPs.length ? known.podIPs : known.podIPs.slice(0, podIPCount)
}

/** Lists are shared, and so not copied unless they must. */
function joinLists<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  if (b.length === 0) return a
  return a.length === 0 ? b : [...a, ...b]
}

/** Says what the pod is: the known one where both are the same to us. */
function updatePod(reader: WireReader, end: number, sharing: Sharing): DecodedObject<SlimPod> {
  const start = reader.pos
  const draft = readPod(reader, end, sharing)
  if (draft.metadataCount !== 1) {
    // The metadata changed after something had been concluded from it.
    reader.pos = start
    readPod(reader, end, { ...sharing, knownPods: undefined })
  }
  const { known } = draft
  draft.row = known !== undefined && equalPods(known, draft) ? known : podOf(draft)
  return draft
}

/** See KnownObjects. */
function reachPods(pods: readonly SlimPod[]): number {
  let reached = 0
  for (const { deleting, hostNetwork } of pods) reached += deleting || hostNetwork ? 1 : 0
  for (const { uid, podIPs, hostIP } of pods) reached += uid.charCodeAt(0) + podIPs.length + hostIP.length
  for (const { podIPs } of pods) {
    for (let i = 0; i < podIPs.length; i++) reached += (podIPs[i] as string).length
  }
  return reached
}

function readPod(reader: WireReader, end: number, sharing: Sharing): PodDraft {
  const { interner, draft, knownPods } = sharing
  draft.clear()
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        if (knownPods === undefined) readMeta(reader, draft, interner)
        else draft.known = knownPods.readMeta(reader, draft, interner)
        draft.metadataCount++
        break
      case (2 << 3) | 2:
        if (draft.known === undefined || draft.known.nodeName === '') readSpec(reader, draft, sharing)
        else {
          keepSpec(draft, draft.known)
          reader.skip(tag)
        }
        break
      case (3 << 3) | 2:
        readStatus(reader, draft, interner)
        break
      default:
        reader.skip(tag)
    }
  }
  return complete(draft)
}

/**
 * Of a pod that has a node the API lets nobody change what a row has of its spec (ValidatePodUpdate of Kubernetes:
 * images, tolerations, deadlines and resources may change), so it is passed over.
 */
function keepSpec(draft: PodDraft, { nodeName, serviceAccount, hostNetwork, ports }: SlimPod): void {
  draft.nodeName = nodeName
  draft.serviceAccount = serviceAccount
  draft.hostNetwork = hostNetwork
  draft.ports = ports
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
        draft.serviceAccount = reader.interned(interner)
        break
      case (9 << 3) | 2:
        draft.deprecatedServiceAccount = reader.interned(interner)
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

/** Phase, hostIP, podIP and podIPs. */
const statusFields = (1 << 1) | (1 << 5) | (1 << 6) | (1 << 12)

function readStatus(reader: WireReader, draft: PodDraft, interner: Interner): void {
  const end = enter(reader)
  const { known } = draft
  let podIPAt = -1
  while (reader.skipTo(statusFields, end)) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        draft.phase = reader.internedOr(known?.phase ?? '', interner)
        break
      case (5 << 3) | 2:
        draft.hostIP = readHostIP(reader, draft, interner)
        break
      case (6 << 3) | 2: // podIP: wanted only where the list beside it is absent
        podIPAt = reader.pos
        reader.skip(tag)
        break
      case (12 << 3) | 2: // podIPs
        readPodIP(reader, draft)
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  if (podIPAt < 0 || draft.podIPCount > 0) return
  reader.pos = podIPAt
  const podIP = reader.string()
  if (podIP !== '') addPodIP(draft, canonicalIp(podIP))
  reader.pos = end
}

function readHostIP(reader: WireReader, { known }: PodDraft, interner: Interner): string {
  const text = reader.internedOr(known?.hostIP ?? '', interner)
  return text === known?.hostIP ? text : canonicalAddress(text, interner)
}

function readPodIP(reader: WireReader, draft: PodDraft): void {
  const end = enter(reader)
  const known = draft.known?.podIPs[draft.podIPCount] ?? ''
  let ip = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) ip = readIp(reader, known)
    else reader.skip(tag)
  }
  leave(reader, end)
  addPodIP(draft, ip)
}

/** In canonical spelling. */
function addPodIP(draft: PodDraft, ip: string): void {
  const place = draft.podIPCount++
  if (ip === draft.known?.podIPs[place] && draft.newPodIPs === undefined) return
  const before = draft.newPodIPs ?? (place === 0 ? none : (draft.known?.podIPs.slice(0, place) ?? none))
  draft.newPodIPs = withAddress(before, ip)
}

/** One of each family is what pods have: then the list has no room to grow. */
function withAddress(ips: readonly string[], ip: string): readonly string[] {
  if (ips.length === 0) return [ip]
  return ips.length === 1 ? [ips[0] as string, ip] : listOf([...ips, ip])
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
  if (isKept) ports.add(reader.bytes, { start, end, value: port })
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
  const draft = Object.assign(new PodDraft(), metaFromJson(object))
  const spec = objectAt(object, 'spec') ?? {}
  draft.nodeName = textAt(spec, 'nodeName')
  draft.serviceAccount = textAt(spec, 'serviceAccountName')
  draft.deprecatedServiceAccount = textAt(spec, 'serviceAccount')
  draft.hostNetwork = flagAt(spec, 'hostNetwork') ?? false
  draft.ports = objectsAt(spec, 'containers').flatMap(portsFromJson)
  draft.sidecarPorts = objectsAt(spec, 'initContainers').flatMap((container) =>
    sidecarPorts({ ports: portsFromJson(container), restartPolicy: textAt(container, 'restartPolicy') }),
  )
  const status = objectAt(object, 'status') ?? {}
  draft.phase = textAt(status, 'phase')
  draft.hostIP = canonicalAddress(textAt(status, 'hostIP'), interner)
  for (const entry of objectsAt(status, 'podIPs')) addPodIP(draft, canonicalIp(textAt(entry, 'ip')))
  const podIP = textAt(status, 'podIP')
  if (draft.podIPCount === 0 && podIP !== '') addPodIP(draft, canonicalIp(podIP))
  return podOf(complete(draft))
}

function portsFromJson(container: JsonObject): SlimContainerPort[] {
  return objectsAt(container, 'ports').map((port) => ({
    name: textAt(port, 'name'),
    port: portNumber(integerAt(port, 'containerPort')),
    protocol: textAt(port, 'protocol') || 'TCP',
  }))
}
