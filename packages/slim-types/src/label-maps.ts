import { ByteCache } from './byte-cache.ts'
import type { Interner } from './interner.ts'
import { readMapEntry } from './protobuf.ts'
import type { Labels } from './types.ts'
import { labelsOf } from './values.ts'
import type { WireReader } from './wire-reader.ts'

/** Longer ones are rarely those of several objects. */
const maxBytes = 2048

/** Gives objects with the same labels, as all pods of a Deployment are, one copy of them. */
export type LabelMaps = Readonly<{
  /** Reads the entries of ObjectMeta.labels from where the reader is: behind the tag of the first one. */
  read(reader: WireReader): Labels
}>

export function createLabelMaps(
  interner: Interner,
  { maxEntries = 50_000 }: { maxEntries?: number } = {},
): LabelMaps {
  const known = new ByteCache<Labels>({ maxEntries })
  return {
    read(reader) {
      const start = reader.pos
      skipLabels(reader)
      const end = reader.pos
      const isKept = end - start <= maxBytes
      const found = isKept ? known.find(reader.bytes, start, end) : undefined
      if (found !== undefined) return found
      reader.pos = start
      const labels = readLabels(reader, interner)
      if (isKept) known.add(reader.bytes, { start, end, value: labels })
      return labels
    },
  }
}

/** Of ObjectMeta.labels. */
export const labelsTag = (11 << 3) | 2

/** Reads the entries of ObjectMeta.labels that follow each other, from behind the tag of the first one. */
export function readLabels(reader: WireReader, interner: Interner): Labels {
  const entries = new Map<string, string>()
  readMapEntry(reader, entries, interner)
  while (reader.accept(labelsTag)) readMapEntry(reader, entries, interner)
  return labelsOf(entries)
}

function skipLabels(reader: WireReader): void {
  reader.skip(labelsTag)
  while (reader.accept(labelsTag)) reader.skip(labelsTag)
}
