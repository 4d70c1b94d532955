import type { Random } from '../random.ts'
import type { Anatomy, Span } from './anatomy.ts'
import { tokens } from './bytes.ts'

/** What a mutation of whole sections works on; `other` is another input with its anatomy. */
export type SectionInput = Readonly<{
  anatomy: Anatomy
  other: Readonly<{ bytes: Buffer; anatomy: Anatomy }>
  random: Random
}>

const sectionHeaderSize = 64
const maxGrowthRecords = 64

/** Moves sections about and changes how much is in them. Each returns the changed bytes, longer when it must. */
export const sectionMutations: readonly ((bytes: Buffer, input: SectionInput) => Buffer)[] = [
  /** Fewer records, whole ones mostly. */
  function shrink(bytes, { anatomy, random }) {
    const span = choose(anatomy, random)
    if (span === undefined || !holdsHeader(bytes, span)) return bytes
    const cut = random.oneIn(4) ? 1 : span.record
    bytes.writeUInt32LE(Math.max(0, span.size - cut * (1 + random.below(4))), span.headerAt + 32)
    return bytes
  },
  /** The section moves to the end of the file, with some of its records once more. */
  function grow(bytes, { anatomy, random }) {
    const span = choose(anatomy, random)
    if (span === undefined || !holdsHeader(bytes, span) || span.size === 0) return bytes
    const content = bytes.subarray(span.start, span.start + span.size)
    const first = random.below(Math.ceil(content.length / span.record)) * span.record
    const count = 1 + random.below(maxGrowthRecords)
    const more = content.subarray(first, first + count * span.record)
    return moveToEnd(bytes, span, Buffer.concat([content, more]))
  },
  /** The content of a section of another object, at the end of the file. */
  function transplant(bytes, { anatomy, other, random }) {
    const span = choose(anatomy, random)
    if (span === undefined || !holdsHeader(bytes, span)) return bytes
    const alike = other.anatomy.spans.filter(
      ({ type, record }) => type === span.type && record === span.record,
    )
    if (alike.length === 0) return bytes
    const donor = random.pick(alike)
    return moveToEnd(bytes, span, other.bytes.subarray(donor.start, donor.start + donor.size))
  },
  /** Two headers change places, or one takes the other's. */
  function exchange(bytes, { anatomy, random }) {
    const [a, b] = [choose(anatomy, random), choose(anatomy, random)]
    if (a === undefined || b === undefined || !holdsHeader(bytes, a) || !holdsHeader(bytes, b)) return bytes
    const header = Buffer.from(bytes.subarray(a.headerAt, a.headerAt + sectionHeaderSize))
    if (random.oneIn(2)) bytes.copy(bytes, a.headerAt, b.headerAt, b.headerAt + sectionHeaderSize)
    header.copy(bytes, b.headerAt)
    return bytes
  },
  /** A name that means something in the place of another, mostly exactly. */
  function rename(bytes, { anatomy, random }) {
    const tables = anatomy.spans.filter(({ type, start, size }) => type === 3 && start + size <= bytes.length)
    if (tables.length === 0) return bytes
    const { start, size } = random.pick(tables)
    const at = start + random.below(size)
    const nameAt = random.oneIn(4) ? at : bytes.indexOf(0, at) + 1
    bytes.write(random.pick(tokens), nameAt, 'latin1')
    return bytes
  },
  /** One record takes the place of another of its section. */
  function copyRecord(bytes, { anatomy, random }) {
    const span = choose(anatomy, random)
    if (span === undefined || span.size < 2 * span.record) return bytes
    const records = Math.floor(span.size / span.record)
    const [from, to] = [random.below(records), random.below(records)]
    if (span.start + span.size > bytes.length) return bytes
    const start = span.start + from * span.record
    bytes.copy(bytes, span.start + to * span.record, start, start + span.record)
    return bytes
  },
]

function choose({ spans }: Anatomy, random: Random): Span | undefined {
  return spans.length === 0 ? undefined : random.pick(spans)
}

/** An earlier mutation of the same round may have cut the file. */
function holdsHeader(bytes: Buffer, { headerAt }: Span): boolean {
  return headerAt + sectionHeaderSize <= bytes.length
}

function moveToEnd(bytes: Buffer, { headerAt }: Span, content: Buffer): Buffer {
  const padding = Buffer.alloc(-bytes.length & 7)
  const moved = Buffer.concat([bytes, padding, content])
  moved.writeUInt32LE(bytes.length + padding.length, headerAt + 24)
  moved.writeUInt32LE(content.length, headerAt + 32)
  return moved
}
