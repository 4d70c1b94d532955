import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { canonicalIp } from './ip-text.ts'
import { asObject, integerAt, type JsonObject, objectAt, objectsAt, textAt, textsAt } from './json.ts'
import { anyJson, type JsonShape, listShape, objectShape, resourceShape, sharedText } from './json-shape.ts'
import { identifySlim, metaFromJson, metaOf, metaShapes } from './meta.ts'
import type { SlimCiliumNode } from './types.ts'
import { listOf } from './values.ts'

/** cilium.io/v2 CiliumNode. Custom resources have no protobuf form. */
export function ciliumNodeDecoder(interner: Interner): Decoder<SlimCiliumNode> {
  return {
    kind: 'CiliumNode',
    apiVersion: 'cilium.io/v2',
    resource: 'ciliumnodes',
    jsonShape: ciliumNodeShape(interner),
    fromJson: (value) =>
      decoding('CiliumNode', () => ciliumNodeFromJson(asObject(value, 'the object'), interner)),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
}

function ciliumNodeShape(interner: Interner): JsonShape {
  const shared = sharedText(interner)
  const spec = objectShape({
    addresses: listShape(objectShape({ type: shared, ip: shared })),
    ipam: objectShape({ podCIDRs: listShape(anyJson) }),
    encryption: objectShape({ key: anyJson }),
  })
  return resourceShape({ spec }, { ...metaShapes(interner), name: shared })
}

function ciliumNodeFromJson(object: JsonObject, interner: Interner): SlimCiliumNode {
  const spec = objectAt(object, 'spec') ?? {}
  const ipam = objectAt(spec, 'ipam') ?? {}
  return {
    ...metaOf(metaFromJson(object)),
    addresses: listOf(
      objectsAt(spec, 'addresses').map((address) => ({
        type: textAt(address, 'type'),
        address: interner.intern(canonicalIp(textAt(address, 'ip'))),
      })),
    ),
    podCIDRs: listOf(textsAt(ipam, 'podCIDRs')),
    encryptionKey: integerAt(objectAt(spec, 'encryption') ?? {}, 'key'),
  }
}
