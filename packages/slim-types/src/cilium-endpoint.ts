import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { DecodeError, decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { asObject, type JsonObject, objectAt, objectsAt, textAt } from './json.ts'
import { anyJson, listShape, objectShape, resourceShape, sharedText } from './json-shape.ts'
import { versionAt } from './meta.ts'
import { objectKey, type SlimCiliumEndpoint } from './types.ts'

/** cilium.io/v2 CiliumEndpoint. An object without name, namespace or uid is refused: it could not be removed safely. */
export function ciliumEndpointDecoder(interner: Interner): Decoder<SlimCiliumEndpoint> {
  const shared = sharedText(interner)
  const ownerReferences = listShape(objectShape({ kind: shared }))
  return {
    kind: 'CiliumEndpoint',
    apiVersion: 'cilium.io/v2',
    resource: 'ciliumendpoints',
    jsonShape: resourceShape({}, { namespace: shared, uid: anyJson, ownerReferences }),
    fromJson: (value) => decoding('CiliumEndpoint', () => endpointFromJson(asObject(value, 'the object'))),
    identify: (row) => ({ key: objectKey(row), resourceVersion: row.resourceVersion }),
    equals: equalsIgnoringVersion,
  }
}

function endpointFromJson(object: JsonObject): SlimCiliumEndpoint {
  const metadata = objectAt(object, 'metadata') ?? {}
  const owners = objectsAt(metadata, 'ownerReferences')
  return {
    name: neededTextAt(metadata, 'name'),
    namespace: neededTextAt(metadata, 'namespace'),
    uid: neededTextAt(metadata, 'uid'),
    resourceVersion: versionAt(metadata),
    isOwnedByOther: owners.some((owner) => textAt(owner, 'kind') !== 'Pod'),
  }
}

function neededTextAt(parent: JsonObject, field: string): string {
  const text = textAt(parent, field)
  if (text === '') throw new DecodeError(`no ${field}`)
  return text
}
