import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { asObject } from './json.ts'
import { resourceShape } from './json-shape.ts'
import { identifySlim, metaFromJson, metaOf, metaShapes, newMetaDraft, readMeta } from './meta.ts'
import { decodeMessage } from './protobuf.ts'
import type { SlimNamespace } from './types.ts'
import type { WireReader } from './wire-reader.ts'

export function namespaceDecoder(interner: Interner): Decoder<SlimNamespace> {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    resource: 'namespaces',
    fromProtobuf: (message) =>
      decodeMessage('Namespace', message, (reader, end) => readNamespace(reader, end, interner)),
    jsonShape: resourceShape({}, metaShapes(interner)),
    fromJson: (value) => decoding('Namespace', () => metaOf(metaFromJson(asObject(value, 'the object')))),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
}

function readNamespace(reader: WireReader, end: number, interner: Interner): SlimNamespace {
  const meta = newMetaDraft()
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) readMeta(reader, meta, interner)
    else reader.skip(tag)
  }
  return metaOf(meta)
}
