import { asBuffer } from './bytes.ts'
import type { Interner } from './interner.ts'
import { type JsonObject, objectAt, textAt, textMapAt } from './json.ts'
import { anyJson, resourceShape } from './json-shape.ts'
import { enter, leave, readMapEntry } from './protobuf.ts'
import type { WireReader } from './wire-reader.ts'

/** What the metadata of a BOOKMARK event's object says. */
export type Bookmark = Readonly<{ resourceVersion: string; endsInitialEvents: boolean }>

/** metav1.InitialEventsAnnotationKey. */
const initialEventsEnd = 'k8s.io/initial-events-end'

const endsInitialEvents = (annotations: ReadonlyMap<string, string>): boolean =>
  annotations.get(initialEventsEnd) === 'true'

const asIs: Interner = {
  size: 0,
  intern: (text) => text,
  internBytes: (bytes, start, end) => asBuffer(bytes).toString('utf8', start, end),
}

/** From the message of any object: its first field is its ObjectMeta. */
export function readBookmark(reader: WireReader, end: number): Bookmark {
  let bookmark: Bookmark = { resourceVersion: '', endsInitialEvents: false }
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) bookmark = readMeta(reader)
    else reader.skip(tag)
  }
  return bookmark
}

function readMeta(reader: WireReader): Bookmark {
  const end = enter(reader)
  const annotations = new Map<string, string>()
  let resourceVersion = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((6 << 3) | 2)) resourceVersion = reader.string()
    else if (tag === ((12 << 3) | 2)) readMapEntry(reader, annotations, asIs)
    else reader.skip(tag)
  }
  leave(reader, end)
  return { resourceVersion, endsInitialEvents: endsInitialEvents(annotations) }
}

/** What `bookmarkFromJson` wants of the object. */
export const bookmarkShape = resourceShape({}, { annotations: anyJson })

export function bookmarkFromJson(object: JsonObject): Bookmark {
  const metadata = objectAt(object, 'metadata') ?? {}
  return {
    resourceVersion: textAt(metadata, 'resourceVersion'),
    endsInitialEvents: endsInitialEvents(textMapAt(metadata, 'annotations')),
  }
}
