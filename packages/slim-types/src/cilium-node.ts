import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { asObject, integerAt, type JsonObject, objectAt, objectsAt, textAt, textsAt } from './json.ts'
import { identifySlim, metaFromJson, metaOf } from './meta.ts'
import type { SlimCiliumNode } from './types.ts'
import { canonicalIp, listOf } from './values.ts'

/** cilium.io/v2 CiliumNode. Custom resources have no protobuf form. */
export function ciliumNodeDecoder(interner: Interner): Decoder<SlimCiliumNode> {
  return {
    kind: 'CiliumNode',
    apiVersion: 'cilium.io/v2',
    resource: 'ciliumnodes',
    fromJson: (value) =>
      decoding('CiliumNode', () => ciliumNodeFromJson(asObject(value, 'the object'), interner)),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
}

function ciliumNodeFromJson(object: JsonObject, interner: Interner): SlimCiliumNode {
  const { intern } = interner
  const spec = objectAt(object, 'spec') ?? {}
  const ipam = objectAt(spec, 'ipam') ?? {}
  const draft = metaFromJson(object, interner)
  draft.name = intern(draft.name)
  return {
    ...metaOf(draft),
    addresses: listOf(
      objectsAt(spec, 'addresses').map((address) => ({
        type: intern(textAt(address, 'type')),
        address: intern(canonicalIp(textAt(address, 'ip'))),
      })),
    ),
    podCIDRs: listOf(textsAt(ipam, 'podCIDRs')),
    encryptionKey: integerAt(objectAt(spec, 'encryption') ?? {}, 'key'),
  }
}
