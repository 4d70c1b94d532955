import type { Field } from './anatomy.ts'

type Range = Readonly<{ start: number; size: number }>

const magic = 0xeb9f
const btfHeaderSize = 24
const typeSize = 12
const maxTypes = 4000
const maxWords = 20_000

/** Bytes behind the common part: for each record, and for the type itself. By kind number of linux/btf.h. */
const recordSizes: Readonly<Record<number, number>> = { 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 }
const bodySizes: Readonly<Record<number, number>> = { 1: 4, 3: 12, 14: 4, 17: 4 }

/** The numbers of a section of BTF, none when it is something else. Never throws. */
export function btfFields(bytes: Buffer, { start, size }: Range): Field[] {
  if (!hasHeader(bytes, { start, size }, btfHeaderSize) || bytes.readUInt32LE(start + 4) !== btfHeaderSize)
    return []
  const typesAt = start + btfHeaderSize + bytes.readUInt32LE(start + 8)
  const end = Math.min(start + size, typesAt + bytes.readUInt32LE(start + 12))
  const types = typeOffsets(bytes, typesAt, end)
  const fields: Field[] = header(start, 5)
  for (const at of types) {
    fields.push(
      { group: 'btf.name', at, width: 4, limit: bytes.readUInt32LE(start + 20) },
      { group: 'btf.vlen', at: at + 4, width: 2, limit: 0 },
      { group: 'btf.kind', at: at + 7, width: 1, limit: 0 },
      { group: 'btf.word', at: at + 8, width: 4, limit: types.length },
    )
    const kind = bytes[at + 7]! & 0x1f
    const extra = sizeOf(kind, bytes.readUInt16LE(at + 4)) - typeSize
    for (let word = 0; word < extra && fields.length < maxWords; word += 4) {
      fields.push({ group: `btf.record.${kind}`, at: at + typeSize + word, width: 4, limit: types.length })
    }
  }
  return fields
}

function typeOffsets(bytes: Buffer, typesAt: number, end: number): number[] {
  const offsets: number[] = []
  for (let at = typesAt; at + typeSize <= end && offsets.length < maxTypes; ) {
    offsets.push(at)
    at += sizeOf(bytes[at + 7]! & 0x1f, bytes.readUInt16LE(at + 4))
  }
  return offsets
}

function sizeOf(kind: number, vlen: number): number {
  return typeSize + (bodySizes[kind] ?? 0) + (recordSizes[kind] ?? 0) * vlen
}

/** The words of a section of .BTF.ext, none when it is something else. Never throws. */
export function btfExtFields(bytes: Buffer, { start, size }: Range): Field[] {
  if (!hasHeader(bytes, { start, size }, 32) || bytes.readUInt32LE(start + 4) === btfHeaderSize) return []
  const fields = header(start, 7)
  for (let at = 32; at + 4 <= size && fields.length < maxWords; at += 4) {
    fields.push({ group: 'btfext.word', at: start + at, width: 4, limit: 0 })
  }
  return fields
}

function hasHeader(bytes: Buffer, { start, size }: Range, headerSize: number): boolean {
  return size >= headerSize && bytes.readUInt16LE(start) === magic
}

function header(start: number, words: number): Field[] {
  return Array.from({ length: words }, (_, index) => ({
    group: 'btf.header',
    at: start + 4 + index * 4,
    width: 4,
    limit: 0,
  }))
}
