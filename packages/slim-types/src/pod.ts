import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { asObject, flagAt, integerAt, type JsonObject, objectAt, objectsAt, textAt } from './json.ts'
import { identifySlim, type MetaDraft, metaFromJson, metaOf, newMetaDraft, readMeta } from './meta.ts'
import { decodeMessage, enter, leave, readTextOf, skipField, type WireReader } from './protobuf.ts'
import type { SlimContainerPort, SlimPod } from './types.ts'
import { canonicalIp, listOf, portNumber } from './values.ts'

export function podDecoder(interner: Interner): Decoder<SlimPod> {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    resource: 'pods',
    fromProtobuf: (bytes) => decodeMessage('Pod', bytes, (reader, end) => readPod(reader, end, interner)),
    fromJson: (value) => decoding('Pod', () => podFromJson(asObject(value, 'the object'), interner)),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
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
  podIP: string
  podIPs: string[]
  ports: SlimContainerPort[]
  sidecarPorts: SlimContainerPort[]
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
    podIP: '',
    podIPs: [],
    ports: [],
    sidecarPorts: [],
  }
}

function podOf(draft: PodDraft): SlimPod {
  const podIPs = draft.podIPs.length === 0 && draft.podIP !== '' ? [draft.podIP] : draft.podIPs
  return {
    ...metaOf(draft.meta),
    nodeName: draft.nodeName,
    serviceAccount: draft.serviceAccountName === '' ? draft.serviceAccount : draft.serviceAccountName,
    hostNetwork: draft.hostNetwork,
    phase: draft.phase,
    hostIP: draft.hostIP,
    podIPs: listOf(podIPs.map(canonicalIp)),
    ports: listOf([...draft.ports, ...draft.sidecarPorts]),
    deleting: draft.meta.deleting,
  }
}

function readPod(reader: WireReader, end: number, interner: Interner): SlimPod {
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
        readStatus(reader, draft, interner)
        break
      default:
        skipField(reader, tag)
    }
  }
  return podOf(draft)
}

function readSpec(reader: WireReader, draft: PodDraft, interner: Interner): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (2 << 3) | 2: // containers
        draft.ports.push(...readContainer(reader, interner).ports)
        break
      case (20 << 3) | 2: // initContainers: those that restart run beside the containers
        draft.sidecarPorts.push(...sidecarPorts(readContainer(reader, interner)))
        break
      case (8 << 3) | 2:
        draft.serviceAccountName = interner.intern(reader.string())
        break
      case (9 << 3) | 2:
        draft.serviceAccount = interner.intern(reader.string())
        break
      case (10 << 3) | 2:
        draft.nodeName = interner.intern(reader.string())
        break
      case (11 << 3) | 0:
        draft.hostNetwork = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  leave(reader, end)
}

function readStatus(reader: WireReader, draft: PodDraft, interner: Interner): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        draft.phase = interner.intern(reader.string())
        break
      case (5 << 3) | 2:
        draft.hostIP = interner.intern(canonicalIp(reader.string()))
        break
      case (6 << 3) | 2:
        draft.podIP = reader.string()
        break
      case (12 << 3) | 2: // podIPs
        draft.podIPs.push(readTextOf(reader, (1 << 3) | 2))
        break
      default:
        skipField(reader, tag)
    }
  }
  leave(reader, end)
}

type Container = { ports: SlimContainerPort[]; restartPolicy: string }

function sidecarPorts(container: Container): SlimContainerPort[] {
  return container.restartPolicy === 'Always' ? container.ports : []
}

function readContainer(reader: WireReader, interner: Interner): Container {
  const end = enter(reader)
  const container: Container = { ports: [], restartPolicy: '' }
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (6 << 3) | 2:
        container.ports.push(readContainerPort(reader, interner))
        break
      case (24 << 3) | 2:
        container.restartPolicy = reader.string()
        break
      default:
        skipField(reader, tag)
    }
  }
  leave(reader, end)
  return container
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
        name = interner.intern(reader.string())
        break
      case (3 << 3) | 0:
        port = reader.int32()
        break
      case (4 << 3) | 2:
        protocol = interner.intern(reader.string())
        break
      default:
        skipField(reader, tag)
    }
  }
  leave(reader, end)
  return { name, port: portNumber(port), protocol: protocol || 'TCP' }
}

function podFromJson(object: JsonObject, interner: Interner): SlimPod {
  const draft = newDraft(metaFromJson(object, interner))
  const { intern } = interner
  const spec = objectAt(object, 'spec') ?? {}
  draft.nodeName = intern(textAt(spec, 'nodeName'))
  draft.serviceAccountName = intern(textAt(spec, 'serviceAccountName'))
  draft.serviceAccount = intern(textAt(spec, 'serviceAccount'))
  draft.hostNetwork = flagAt(spec, 'hostNetwork') ?? false
  draft.ports = objectsAt(spec, 'containers').flatMap((container) => portsFromJson(container, interner))
  draft.sidecarPorts = objectsAt(spec, 'initContainers').flatMap((container) =>
    sidecarPorts({
      ports: portsFromJson(container, interner),
      restartPolicy: textAt(container, 'restartPolicy'),
    }),
  )
  const status = objectAt(object, 'status') ?? {}
  draft.phase = intern(textAt(status, 'phase'))
  draft.hostIP = intern(canonicalIp(textAt(status, 'hostIP')))
  draft.podIP = textAt(status, 'podIP')
  draft.podIPs = objectsAt(status, 'podIPs').map((entry) => textAt(entry, 'ip'))
  return podOf(draft)
}

function portsFromJson(container: JsonObject, { intern }: Interner): SlimContainerPort[] {
  return objectsAt(container, 'ports').map((port) => ({
    name: intern(textAt(port, 'name')),
    port: portNumber(integerAt(port, 'containerPort')),
    protocol: intern(textAt(port, 'protocol') || 'TCP'),
  }))
}
