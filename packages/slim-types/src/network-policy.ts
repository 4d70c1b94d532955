import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { DecodeError, decoding, quoted } from './errors.ts'
import { portOrNameAt, readPortOrName } from './int-or-string.ts'
import type { Interner } from './interner.ts'
import { asObject, integerAt, type JsonObject, objectAt, objectsAt, textAt, textsAt } from './json.ts'
import { anyJson, type JsonShape, listShape, objectShape, resourceShape, sharedText } from './json-shape.ts'
import { labelSelectorFromJson, labelSelectorShape, readLabelSelector } from './label-selector.ts'
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
import type {
  SlimLabelSelector,
  SlimNetworkPolicy,
  SlimNetworkPolicyPeer,
  SlimNetworkPolicyPort,
  SlimNetworkPolicyRule,
} from './types.ts'
import { listOf, none, portNumber } from './values.ts'
import type { WireReader } from './wire-reader.ts'

export function networkPolicyDecoder(interner: Interner): Decoder<SlimNetworkPolicy> {
  return {
    kind: 'NetworkPolicy',
    apiVersion: 'networking.k8s.io/v1',
    resource: 'networkpolicies',
    fromProtobuf: (message) =>
      decodeMessage('NetworkPolicy', message, (reader, end) => readPolicy(reader, end, interner)),
    jsonShape: policyShape(interner),
    fromJson: (value) => decoding('NetworkPolicy', () => policyFromJson(asObject(value, 'the object'))),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
}

type PolicyDraft = {
  meta: MetaDraft
  podSelector: SlimLabelSelector
  policyTypes: string[]
  ingress: SlimNetworkPolicyRule[]
  egress: SlimNetworkPolicyRule[]
}

const selectsAll: SlimLabelSelector = { matchLabels: {}, matchExpressions: none }

function newDraft(meta: MetaDraft): PolicyDraft {
  return { meta, podSelector: selectsAll, policyTypes: [], ingress: [], egress: [] }
}

function policyOf(draft: PolicyDraft): SlimNetworkPolicy {
  return {
    ...metaOf(draft.meta),
    podSelector: draft.podSelector,
    policyTypes: policyTypesOf(draft),
    ingress: listOf(draft.ingress),
    egress: listOf(draft.egress),
  }
}

function policyTypesOf({ policyTypes, egress }: PolicyDraft): SlimNetworkPolicy['policyTypes'] {
  if (policyTypes.length === 0) return egress.length === 0 ? ['Ingress'] : ['Ingress', 'Egress']
  return policyTypes.map((type) => {
    if (type !== 'Ingress' && type !== 'Egress') {
      throw new DecodeError(`${quoted(type)} is not a policy type`)
    }
    return type
  })
}

function policyPortOf(
  protocol: string,
  port: number | string | undefined,
  endPort: number,
): SlimNetworkPolicyPort {
  return {
    protocol: protocol || 'TCP',
    ...(port === undefined ? {} : { port }),
    ...(endPort === 0 ? {} : { endPort: portNumber(endPort) }),
  }
}

function readPolicy(reader: WireReader, end: number, interner: Interner): SlimNetworkPolicy {
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
      default:
        reader.skip(tag)
    }
  }
  return policyOf(draft)
}

function readSpec(reader: WireReader, draft: PolicyDraft, interner: Interner): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        draft.podSelector = readLabelSelector(reader, interner)
        break
      case (2 << 3) | 2:
        draft.ingress.push(readRule(reader, interner))
        break
      case (3 << 3) | 2:
        draft.egress.push(readRule(reader, interner))
        break
      case (4 << 3) | 2:
        draft.policyTypes.push(reader.string())
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
}

/** Ingress and egress rules have the same field numbers: ports, then from or to. */
function readRule(reader: WireReader, interner: Interner): SlimNetworkPolicyRule {
  const end = enter(reader)
  const ports: SlimNetworkPolicyPort[] = []
  const peers: SlimNetworkPolicyPeer[] = []
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        ports.push(readPort(reader, interner))
        break
      case (2 << 3) | 2:
        peers.push(readPeer(reader, interner))
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return { peers: listOf(peers), ports: listOf(ports) }
}

function readPort(reader: WireReader, interner: Interner): SlimNetworkPolicyPort {
  const end = enter(reader)
  let protocol = ''
  let port: number | string | undefined
  let endPort = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        protocol = reader.interned(interner)
        break
      case (2 << 3) | 2:
        port = readPortOrName(reader, interner)
        break
      case (3 << 3) | 0:
        endPort = reader.int32()
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return policyPortOf(protocol, port, endPort)
}

function readPeer(reader: WireReader, interner: Interner): SlimNetworkPolicyPeer {
  const end = enter(reader)
  const peer: { -readonly [K in keyof SlimNetworkPolicyPeer]: SlimNetworkPolicyPeer[K] } = {}
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        peer.podSelector = readLabelSelector(reader, interner)
        break
      case (2 << 3) | 2:
        peer.namespaceSelector = readLabelSelector(reader, interner)
        break
      case (3 << 3) | 2:
        peer.ipBlock = readIpBlock(reader)
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return peer
}

function readIpBlock(reader: WireReader): NonNullable<SlimNetworkPolicyPeer['ipBlock']> {
  const end = enter(reader)
  const except: string[] = []
  let cidr = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) cidr = reader.string()
    else if (tag === ((2 << 3) | 2)) except.push(reader.string())
    else reader.skip(tag)
  }
  leave(reader, end)
  return { cidr, except: listOf(except) }
}

function policyShape(interner: Interner): JsonShape {
  const shared = sharedText(interner)
  const selector = labelSelectorShape(interner)
  const ports = listShape(objectShape({ protocol: shared, port: shared, endPort: anyJson }))
  const peers = listShape(
    objectShape({
      podSelector: selector,
      namespaceSelector: selector,
      ipBlock: objectShape({ cidr: anyJson, except: anyJson }),
    }),
  )
  const spec = objectShape({
    podSelector: selector,
    policyTypes: anyJson,
    ingress: listShape(objectShape({ from: peers, ports })),
    egress: listShape(objectShape({ to: peers, ports })),
  })
  return resourceShape({ spec }, metaShapes(interner))
}

function policyFromJson(object: JsonObject): SlimNetworkPolicy {
  const draft = newDraft(metaFromJson(object))
  const spec = objectAt(object, 'spec') ?? {}
  const podSelector = objectAt(spec, 'podSelector')
  if (podSelector !== undefined) draft.podSelector = labelSelectorFromJson(podSelector)
  draft.policyTypes = textsAt(spec, 'policyTypes')
  draft.ingress = objectsAt(spec, 'ingress').map((rule) => ruleFromJson(rule, 'from'))
  draft.egress = objectsAt(spec, 'egress').map((rule) => ruleFromJson(rule, 'to'))
  return policyOf(draft)
}

function ruleFromJson(rule: JsonObject, peersField: string): SlimNetworkPolicyRule {
  return {
    peers: listOf(objectsAt(rule, peersField).map(peerFromJson)),
    ports: listOf(
      objectsAt(rule, 'ports').map((port) =>
        policyPortOf(textAt(port, 'protocol'), portOrNameAt(port, 'port'), integerAt(port, 'endPort')),
      ),
    ),
  }
}

function peerFromJson(peer: JsonObject): SlimNetworkPolicyPeer {
  const podSelector = objectAt(peer, 'podSelector')
  const namespaceSelector = objectAt(peer, 'namespaceSelector')
  const ipBlock = objectAt(peer, 'ipBlock')
  return {
    ...(podSelector === undefined ? {} : { podSelector: labelSelectorFromJson(podSelector) }),
    ...(namespaceSelector === undefined
      ? {}
      : { namespaceSelector: labelSelectorFromJson(namespaceSelector) }),
    ...(ipBlock === undefined
      ? {}
      : { ipBlock: { cidr: textAt(ipBlock, 'cidr'), except: listOf(textsAt(ipBlock, 'except')) } }),
  }
}
