import { formatIp, parseIp } from '@axoneme/net-types'
import { DecodeError } from './errors.ts'
import type { Labels } from './types.ts'

/** One copy of "none" for all rows. */
export const none: readonly never[] = Object.freeze([])
export const noLabels: Labels = Object.freeze({})

/** A list as a row keeps it: a copy, since a list that grew has room for more. */
export function listOf<T>(values: readonly T[]): readonly T[] {
  return values.length === 0 ? none : values.slice()
}

/** A map as a row keeps it. Keys that JavaScript gives a meaning of its own are refused. */
export function labelsOf(entries: ReadonlyMap<string, string>): Labels {
  if (entries.size === 0) return noLabels
  const labels: Record<string, string> = {}
  for (const [key, value] of entries) {
    // Not a valid label key in Kubernetes either: those begin and end with a letter or digit.
    if (key === '__proto__') throw new DecodeError('__proto__ is not a valid label key')
    labels[key] = value
  }
  return labels
}

/** 0 means "not given". */
export function portNumber(value: number): number {
  if (value < 0 || value > 65535) throw new DecodeError(`${value} is not a port number`)
  return value
}

const group = '[1-9a-f][0-9a-f]{0,3}'
const someGroups = `(?:${group}(?::${group}){0,4})?`
const full = new RegExp(`^(?:${group}:){7}${group}$`)
const compressed = new RegExp(`^${someGroups}::${someGroups}$`)

/** Whether nothing can be shorter: no zero group and no leading zero outside of `::`, which stands for two or more. */
function isSurelyCanonical(text: string): boolean {
  return compressed.test(text) ? colonsIn(text) <= 6 : full.test(text)
}

function colonsIn(text: string): number {
  let colons = 0
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === colon) colons++
  return colons
}

const colon = ':'.charCodeAt(0)

/** The text with the zero groups beside its `::` taken into it, as a network plugin that counts addresses up writes them. */
function withWiderGap(text: string): string {
  const gap = text.indexOf('::')
  if (gap < 0 || colonsIn(text) > 7) return text
  let [left, right] = [gap, gap + 2]
  while (left > 2 && text.startsWith(':0', left - 2)) left -= 2
  while (right + 2 < text.length && text.startsWith('0:', right)) right += 2
  return left === gap && right === gap + 2 ? text : `${text.slice(0, left)}::${text.slice(right)}`
}

const zero = '0'.charCodeAt(0)

/**
 * Whether what a reader has before it up to `end` is the address `canonical`, in this spelling or with zero groups before
 * its `::` that belong into it. False says nothing: there are more spellings.
 */
export function isAddressNext(
  { bytes, pos: start }: Readonly<{ bytes: Uint8Array; pos: number }>,
  end: number,
  canonical: string,
): boolean {
  let at = start
  for (let i = 0; i < canonical.length; i++) {
    const code = canonical.charCodeAt(i)
    if (code === colon && i > 1 && bytes[at] === zero && canonical.charCodeAt(i - 1) === colon) {
      while (bytes[at] === zero && bytes[at + 1] === colon) at += 2
    }
    if (bytes[at++] !== code) return false
  }
  if (at !== end) return false
  // With other text than an address, or with more groups than one has, zeros have no such meaning.
  return (
    end - start === canonical.length || (colonsAt(bytes, start, end) <= 7 && isSurelyCanonical(canonical))
  )
}

function colonsAt(bytes: Uint8Array, start: number, end: number): number {
  let colons = 0
  for (let at = start; at < end; at++) if (bytes[at] === colon) colons++
  return colons
}

/** The one spelling of an address (RFC 5952 for IPv6); other text is kept as it is. */
export function canonicalIp(text: string): string {
  if (!text.includes(':')) return text
  const short = withWiderGap(text)
  if (isSurelyCanonical(short)) return short
  const bytes = parseIp(text)
  return bytes === undefined ? text : formatIp(bytes)
}
