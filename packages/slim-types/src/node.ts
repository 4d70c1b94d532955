import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { canonicalIp } from './ip-text.ts'
import { asObject, flagAt, type JsonObject, objectAt, objectsAt, textAt, textsAt } from './json.ts'
import { anyJson, type JsonShape, listShape, objectShape, resourceShape, sharedText } from './json-shape.ts'
import {
  identifySlim,
  type MetaDraft,
  metaFromJson,
  metaOf,
  metaShapes,
  newMetaDraft,
  readMeta,
} from './meta.ts'
import { decodeMessage, enter, leave } from './protobuf.ts'
import type { SlimNode, SlimNodeAddress } from './types.ts'
import { listOf } from './values.ts'
import type { WireReader } from './wire-reader.ts'

export function nodeDecoder(interner: Interner): Decoder<SlimNode> {
  return {
    kind: 'Node',
    apiVersion: 'v1',
    resource: 'nodes',
    fromProtobuf: (message) =>
      decodeMessage('Node', message, (reader, end) => readNode(reader, end, interner)),
    jsonShape: nodeShape(interner),
    fromJson: (value) => decoding('Node', () => nodeFromJson(asObject(value, 'the object'), interner)),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
}

const networkUnavailable = 'NetworkUnavailable'

type Taint = SlimNode['taints'][number]

type NodeDraft = {
  meta: MetaDraft
  addresses: SlimNodeAddress[]
  /** The deprecated single form of the field below, which the API keeps equal to its first element. */
  podCIDR: string
  podCIDRs: string[]
  taints: Taint[]
  unschedulable: boolean
  networkUnavailable: string
}

function newDraft(meta: MetaDraft): NodeDraft {
  return {
    meta,
    addresses: [],
    podCIDR: '',
    podCIDRs: [],
    taints: [],
    unschedulable: false,
    networkUnavailable: '',
  }
}

function nodeOf(draft: NodeDraft): SlimNode {
  const podCIDRs = draft.podCIDRs.length === 0 && draft.podCIDR !== '' ? [draft.podCIDR] : draft.podCIDRs
  return {
    ...metaOf(draft.meta),
    addresses: listOf(draft.addresses),
    podCIDRs: listOf(podCIDRs),
    taints: listOf(draft.taints),
    unschedulable: draft.unschedulable,
    networkUnavailable: draft.networkUnavailable,
  }
}

function readNode(reader: WireReader, end: number, interner: Interner): SlimNode {
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
        reader.skip(tag)
    }
  }
  // The name of a node is repeated in every pod on it.
  draft.meta.name = interner.intern(draft.meta.name)
  return nodeOf(draft)
}

function readSpec(reader: WireReader, draft: NodeDraft, interner: Interner): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        draft.podCIDR = reader.string()
        break
      case (7 << 3) | 2:
        draft.podCIDRs.push(reader.string())
        break
      case (4 << 3) | 0:
        draft.unschedulable = reader.bool()
        break
      case (5 << 3) | 2:
        draft.taints.push(readTaint(reader, interner))
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
}

function readStatus(reader: WireReader, draft: NodeDraft, interner: Interner): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (4 << 3) | 2:
        readCondition(reader, draft, interner)
        break
      case (5 << 3) | 2:
        draft.addresses.push(readAddress(reader, interner))
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
}

/** The kubelet's own conditions say nothing that is acted on. */
function readCondition(reader: WireReader, draft: NodeDraft, interner: Interner): void {
  const end = enter(reader)
  let type = ''
  let status = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        type = reader.interned(interner)
        break
      case (2 << 3) | 2:
        status = reader.interned(interner)
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  if (type === networkUnavailable) draft.networkUnavailable = status
}

function readAddress(reader: WireReader, interner: Interner): SlimNodeAddress {
  const end = enter(reader)
  let type = ''
  let address = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        type = reader.interned(interner)
        break
      case (2 << 3) | 2:
        address = interner.intern(canonicalIp(reader.string()))
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return { type, address }
}

function readTaint(reader: WireReader, interner: Interner): Taint {
  const end = enter(reader)
  let key = ''
  let value = ''
  let effect = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        key = reader.interned(interner)
        break
      case (2 << 3) | 2:
        value = reader.interned(interner)
        break
      case (3 << 3) | 2:
        effect = reader.interned(interner)
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return { key, value, effect }
}

function nodeShape(interner: Interner): JsonShape {
  const shared = sharedText(interner)
  const spec = objectShape({
    podCIDR: anyJson,
    podCIDRs: anyJson,
    unschedulable: anyJson,
    taints: listShape(objectShape({ key: shared, value: shared, effect: shared })),
  })
  const status = objectShape({
    conditions: listShape(objectShape({ type: shared, status: shared })),
    addresses: listShape(objectShape({ type: shared, address: shared })),
  })
  return resourceShape({ spec, status }, { ...metaShapes(interner), name: shared })
}

function nodeFromJson(object: JsonObject, { intern }: Interner): SlimNode {
  const draft = newDraft(metaFromJson(object))
  const spec = objectAt(object, 'spec') ?? {}
  draft.podCIDR = textAt(spec, 'podCIDR')
  draft.podCIDRs = textsAt(spec, 'podCIDRs')
  draft.unschedulable = flagAt(spec, 'unschedulable') ?? false
  draft.taints = objectsAt(spec, 'taints').map((taint) => ({
    key: textAt(taint, 'key'),
    value: textAt(taint, 'value'),
    effect: textAt(taint, 'effect'),
  }))
  const status = objectAt(object, 'status') ?? {}
  for (const condition of objectsAt(status, 'conditions')) {
    const [type, state] = [textAt(condition, 'type'), textAt(condition, 'status')]
    if (type === networkUnavailable) draft.networkUnavailable = state
  }
  draft.addresses = objectsAt(status, 'addresses').map((address) => ({
    type: textAt(address, 'type'),
    address: intern(canonicalIp(textAt(address, 'address'))),
  }))
  return nodeOf(draft)
}
