import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { asObject, type JsonObject, textMapAt } from './json.ts'
import { resourceShape, sharedMap } from './json-shape.ts'
import { identifySlim, metaFromJson, metaOf, metaShapes } from './meta.ts'
import type { SlimCiliumIdentity } from './types.ts'
import { labelsOf } from './values.ts'

/** cilium.io/v2 CiliumIdentity. Custom resources have no protobuf form. */
export function ciliumIdentityDecoder(interner: Interner): Decoder<SlimCiliumIdentity> {
  return {
    kind: 'CiliumIdentity',
    apiVersion: 'cilium.io/v2',
    resource: 'ciliumidentities',
    jsonShape: resourceShape({ 'security-labels': sharedMap(interner) }, metaShapes(interner)),
    fromJson: (value) => decoding('CiliumIdentity', () => identityFromJson(asObject(value, 'the object'))),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
}

function identityFromJson(object: JsonObject): SlimCiliumIdentity {
  const securityLabels = labelsOf(textMapAt(object, 'security-labels'))
  return { ...metaOf(metaFromJson(object)), securityLabels }
}
