export type IpFamily = 4 | 6

/** A prefix: network-order bytes (4 or 16) with all host bits zero, and the number of leading bits that count. */
export type Cidr = Readonly<{ address: Uint8Array; prefixLength: number }>

/** Network-order bytes of a textual address (4 or 16 of them), or undefined when it is none. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

export function addressFamily(text: string): IpFamily | undefined {
  const bytes = parseIp(text)
  return bytes === undefined ? undefined : bytes.length === 4 ? 4 : 6
}

/** The canonical text (RFC 5952 for IPv6) of 4 or 16 network-order bytes. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`)
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0))
  const { start, length } = longestZeroRun(groups)
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

/** Parses `address/length`; a bare address is its host prefix. Host bits are cleared. Undefined when it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const address = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  const bits = address.length * 8
  if (slash < 0) return { address, prefixLength: bits }
  const length = text.slice(slash + 1)
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits) return undefined
  return { address: maskAddress(address, Number(length)), prefixLength: Number(length) }
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIp(cidr.address)}/${cidr.prefixLength}`
}

/** The one spelling of a prefix, or undefined when `text` is none. */
export function canonicalCidr(text: string): string | undefined {
  const cidr = parseCidr(text)
  return cidr === undefined ? undefined : formatCidr(cidr)
}

/** `10.0.0.1` -> `10.0.0.1/32`. */
export function hostCidr(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}

/** Whether every address of `inner` is in `outer`. Prefixes of different families contain nothing of each other. */
export function cidrContains(outer: Cidr, inner: Cidr): boolean {
  if (outer.address.length !== inner.address.length || outer.prefixLength > inner.prefixLength) return false
  const masked = maskAddress(inner.address, outer.prefixLength)
  return masked.every((byte, i) => byte === outer.address[i])
}

/** How many addresses the prefix holds (2^host bits, as a number: exact up to 2^53). */
export function cidrHosts(cidr: Cidr): number {
  return 2 ** (cidr.address.length * 8 - cidr.prefixLength)
}

function maskAddress(address: Uint8Array, prefixLength: number): Uint8Array {
  return address.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, prefixLength - 8 * i))
    return byte & (0xff00 >> kept) & 0xff
  })
}

const [zero, nine, dot] = ['0', '9', '.'].map((character) => character.charCodeAt(0)) as [
  number,
  number,
  number,
]

/** Digit by digit: a start reads hundreds of thousands of them. Parts have no leading zeros. */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4)
  let at = 0
  for (let part = 0; part < 4; part++) {
    if (part > 0 && text.charCodeAt(at++) !== dot) return undefined
    const from = at
    let value = 0
    for (
      let code = text.charCodeAt(at);
      code >= zero && code <= nine && at - from < 3;
      code = text.charCodeAt(++at)
    )
      value = 10 * value + code - zero
    const hasLeadingZero = at - from > 1 && text.charCodeAt(from) === zero
    if (at === from || hasLeadingZero || value > 255) return undefined
    bytes[part] = value
  }
  return at === text.length ? bytes : undefined
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => (half === '' ? [] : groupsOf(half)))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const known = head.length + (tail?.length ?? 0)
  if (halves.length === 1 ? known !== 8 : known > 7) return undefined
  const groups = [...head, ...Array<number>(8 - known).fill(0), ...(tail ?? [])]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

function groupsOf(half: string): number[] | undefined {
  const groups: number[] = []
  const parts = half.split(':')
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = i === parts.length - 1 ? parseIpv4(part) : undefined
      if (v4 === undefined) return undefined
      groups.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0))
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let i = 0; i < groups.length; i++) {
    let end = i
    while (end < groups.length && groups[end] === 0) end++
    if (end - i > best.length) best = { start: i, length: end - i }
    if (end > i) i = end
  }
  return best
}
