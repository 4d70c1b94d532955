import type { Btf } from '@axoneme/bpf'
import { ElfError } from '../errors.ts'
import { instructionSize } from './instructions.ts'

/** One record of .BTF.ext. Its first 32-bit field is where it applies, in bytes from the start of the section. */
export type InfoRecord = Readonly<{ offset: number; bytes: Buffer }>

/** Records of one kind by the section that they describe, in the order of their offsets, each `recordSize` bytes. */
export type InfoTable = Readonly<{
  recordSize: number
  bySection: ReadonlyMap<string, readonly InfoRecord[]>
}>

export type BtfExt = Readonly<{ functions: InfoTable; lines: InfoTable }>

const magic = 0xeb9f
const headerSize = 24
const headerSizeWithRelocations = 32
/** MAX_FUNCINFO_REC_SIZE of the kernel's verifier. */
const maxRecordSize = 252

/** Reads .BTF.ext (Documentation/bpf/btf.rst). Throws ElfError; also for CO-RE relocations, which nobody here makes. */
export function parseBtfExt(bytes: Buffer, btf: Btf): BtfExt {
  if (bytes.length < headerSize || bytes.readUInt16LE(0) !== magic || bytes[2] !== 1) {
    throw new ElfError('section .BTF.ext has no header of version 1')
  }
  const headerLength = bytes.readUInt32LE(4)
  if (headerLength >= headerSizeWithRelocations && bytes.length >= headerSizeWithRelocations) {
    if (bytes.readUInt32LE(28) > 4)
      throw new ElfError('section .BTF.ext: CO-RE relocations are not supported')
  }
  const table = (at: number, what: string, minRecordSize: number) => {
    const start = headerLength + bytes.readUInt32LE(at)
    const end = start + bytes.readUInt32LE(at + 4)
    if (headerLength < headerSize || end > bytes.length)
      throw new ElfError(`section .BTF.ext: ${what} end at ${end} of ${bytes.length}`)
    return readTable(bytes.subarray(start, end), { btf, what, minRecordSize })
  }
  return { functions: table(8, 'functions', 8), lines: table(16, 'lines', 16) }
}

function readTable(
  bytes: Buffer,
  { btf, what, minRecordSize }: { btf: Btf; what: string; minRecordSize: number },
): InfoTable {
  const bySection = new Map<string, InfoRecord[]>()
  if (bytes.length === 0) return { recordSize: minRecordSize, bySection }
  const wrong = (problem: string) => new ElfError(`section .BTF.ext: ${what} ${problem}`)
  if (bytes.length < 4) throw wrong('are cut off')
  const recordSize = bytes.readUInt32LE(0)
  if (recordSize < minRecordSize || recordSize > maxRecordSize || recordSize % 4 !== 0) {
    throw wrong(`have ${recordSize} bytes each`)
  }
  for (let at = 4; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw wrong('are cut off')
    const section = btf.stringAt(bytes.readUInt32LE(at))
    const count = bytes.readUInt32LE(at + 4)
    const start = at + 8
    at = start + count * recordSize
    if (count === 0 || at > bytes.length) throw wrong(`of section ${section}: ${count} records do not fit`)
    if (bySection.has(section)) throw wrong(`of section ${section} are there twice`)
    const records = Array.from({ length: count }, (_, index) => {
      const record = bytes.subarray(start + index * recordSize, start + (index + 1) * recordSize)
      return { offset: record.readUInt32LE(0), bytes: record }
    })
    checkOffsets(records, (problem) => wrong(`of section ${section}: ${problem}`))
    bySection.set(section, records)
  }
  return { recordSize, bySection }
}

/** The kernel wants them rising too. */
function checkOffsets(records: readonly InfoRecord[], wrong: (problem: string) => ElfError): void {
  let last = -1
  for (const { offset } of records) {
    if (offset % instructionSize !== 0) throw wrong(`offset ${offset} is inside of an instruction`)
    if (offset <= last) throw wrong(`offset ${offset} comes after ${last}`)
    last = offset
  }
}
