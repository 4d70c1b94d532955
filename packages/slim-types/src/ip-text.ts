import { formatIp, parseIp } from '@axoneme/net-types'
import { isAsciiAt } from './bytes.ts'
import { enter } from './protobuf.ts'
import type { WireReader } from './wire-reader.ts'

/** The one spelling of an address (RFC 5952 for IPv6); other text is kept as it is. */
export function canonicalIp(text: string): string {
  if (!text.includes(':')) return text
  const bytes = Buffer.from(text)
  return spelledOr(text, spellIpv6(bytes, 0, bytes.length)) ?? spelledByParsing(text)
}

/** The same of the address that is next; `known`, which is spelled so, where that is it: nothing is made then. */
export function readIp(reader: WireReader, known: string): string {
  const { pos } = reader
  const end = enter(reader)
  if (reader.pos + known.length === end && isAsciiAt(known, reader.bytes, reader.pos)) {
    reader.pos = end
    return known
  }
  const spelled = spelledOr(known, spellIpv6(reader.bytes, reader.pos, end))
  if (spelled !== undefined) {
    reader.pos = end
    return spelled
  }
  reader.pos = pos
  return spelledByParsing(reader.string())
}

/** Such as end with an IPv4 address. */
function spelledByParsing(text: string): string {
  const bytes = text.includes(':') ? parseIp(text) : undefined
  return bytes === undefined ? text : formatIp(bytes)
}

/** What was spelled last, `known` where that is it; undefined when nothing was. */
function spelledOr(known: string, length: number): string | undefined {
  if (length === 0) return undefined
  if (known.length === length && isAsciiAt(known, spelling, 0)) return known
  return spelling.toString('latin1', 0, length)
}

const groupCount = 8
const maxTextBytes = 39
const groups = new Uint16Array(groupCount)
const spelling = Buffer.alloc(maxTextBytes)
const colon = ':'.charCodeAt(0)

/** Spells an IPv6 address that is written in groups alone; gives the length, 0 where it is none. */
function spellIpv6(bytes: Uint8Array, start: number, end: number): number {
  return end - start <= maxTextBytes && readGroups(bytes, start, end) ? writeGroups() : 0
}

function readGroups(bytes: Uint8Array, start: number, end: number): boolean {
  let count = 0
  /** Before which group `::` stands. */
  let gap = -1
  let at = start
  if (bytes[at] === colon) {
    if (bytes[at + 1] !== colon || at + 2 > end) return false
    gap = 0
    at += 2
  }
  while (at < end) {
    const first = at
    let group = 0
    for (let digit = hexDigit(bytes[at] as number); digit >= 0; digit = hexDigit(bytes[at] as number)) {
      group = (group << 4) | digit
      if (++at === end) break
    }
    if (at === first || at - first > 4 || count === groupCount) return false
    groups[count++] = group
    if (at === end) break
    if (bytes[at++] !== colon || at === end) return false
    if (bytes[at] !== colon) continue
    if (gap >= 0) return false
    gap = count
    at++
  }
  if (gap < 0) return count === groupCount
  if (count === groupCount) return false
  const zeros = groupCount - count
  for (let i = count - 1; i >= gap; i--) groups[i + zeros] = groups[i] as number
  for (let i = gap; i < gap + zeros; i++) groups[i] = 0
  return true
}

/** -1 for what is none. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function writeGroups(): number {
  const gap = longestZeros()
  let length = 0
  for (let i = 0; i < groupCount; ) {
    if (i === gap) {
      // The group before it has left one of the two colons.
      if (i === 0) spelling[length++] = colon
      spelling[length++] = colon
      while (i < groupCount && groups[i] === 0) i++
    } else {
      length = writeHex(groups[i] as number, length)
      if (++i < groupCount) spelling[length++] = colon
    }
  }
  return length
}

/** Where the first one of the longest runs of zero groups starts; -1 where none has two. */
function longestZeros(): number {
  let longest = -1
  let longestCount = 1
  for (let i = 0; i < groupCount; i++) {
    const start = i
    while (i < groupCount && groups[i] === 0) i++
    if (i - start <= longestCount) continue
    longest = start
    longestCount = i - start
  }
  return longest
}

const digits = Buffer.from('0123456789abcdef')

function writeHex(group: number, at: number): number {
  let end = at
  if (group > 0xfff) spelling[end++] = digits[group >> 12] as number
  if (group > 0xff) spelling[end++] = digits[(group >> 8) & 15] as number
  if (group > 0xf) spelling[end++] = digits[(group >> 4) & 15] as number
  spelling[end++] = digits[group & 15] as number
  return end
}
