import { ElfError } from '../errors.ts'

/** A 64-bit number that must be an offset or a size: at most 2^53. The caller has checked the bounds of `at`. */
export function readU64(bytes: Buffer, at: number, what: string): number {
  const value = bytes.readBigUInt64LE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ElfError(`${what}: ${value} is beyond every file`)
  return Number(value)
}

/** A part of the file that lies inside it. */
export function boundedSlice(
  bytes: Buffer,
  { offset, size, what }: { offset: number; size: number; what: string },
): Buffer {
  if (offset + size > bytes.length) {
    throw new ElfError(`${what}: ${size} bytes at ${offset} in a file of ${bytes.length} bytes`)
  }
  return bytes.subarray(offset, offset + size)
}

/** As many bytes as the kernel takes for a symbol (KSYM_NAME_LEN); the bound keeps overlapping names affordable. */
const maxNameBytes = 512

/** The NUL-terminated name at an offset of a string table. Names are shown to people: control characters are refused. */
export function readName(table: Buffer, offset: number, what: string): string {
  if (offset >= table.length)
    throw new ElfError(`${what}: its name at ${offset} is outside of the string table`)
  const bytes = table.subarray(offset, offset + maxNameBytes)
  const end = bytes.indexOf(0)
  if (end === -1) throw new ElfError(`${what}: its name at ${offset} has no end within ${maxNameBytes} bytes`)
  const name = bytes.toString('utf8', 0, end)
  if (/\p{Cc}/u.test(name)) throw new ElfError(`${what}: its name at ${offset} has control characters`)
  return name
}
