import { DecodeError, decoding } from './errors.ts'
import { asObject, integerAt, listAt, objectAt, textAt } from './json.ts'
import { readJson } from './json-reader.ts'
import { anyJson, listShape, objectShape, resourceShape } from './json-shape.ts'
import { identityFromJson, type ObjectIdentity } from './meta.ts'
import { wholeMessage } from './protobuf.ts'

/** One page of a list of which only the metadata was asked for. */
export type MetadataList = Readonly<{
  items: readonly ObjectIdentity[]
  resourceVersion: string
  /** How many objects follow this page; undefined when the server does not say (it does not for selectors). */
  remaining: number | undefined
}>

/** Asks for the metadata alone; a server that knows no such form sends whole objects, which are read alike. */
export const metadataListMediaType =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json'

const listOfMetadata = objectShape({
  metadata: objectShape({ resourceVersion: anyJson, continue: anyJson, remainingItemCount: anyJson }),
  items: listShape(resourceShape({})),
})

/** Decodes the JSON of a list of any kind. Throws DecodeError when it is none, or is of no version. */
export function decodeMetadataList(bytes: Uint8Array): MetadataList {
  return decoding('list of metadata', () => {
    const list = asObject(readJson(wholeMessage(bytes), listOfMetadata), 'the body')
    const metadata = objectAt(list, 'metadata') ?? {}
    const resourceVersion = textAt(metadata, 'resourceVersion')
    if (resourceVersion === '') throw new DecodeError('no resourceVersion')
    const items = listAt(list, 'items').map(identityFromJson)
    if (textAt(metadata, 'continue') === '') return { items, resourceVersion, remaining: 0 }
    // Never 0 where a page follows; left out, it is unknown.
    const remaining = integerAt(metadata, 'remainingItemCount')
    return { items, resourceVersion, remaining: remaining > 0 ? remaining : undefined }
  })
}
