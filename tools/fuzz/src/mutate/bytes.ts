import type { Random } from '../random.ts'
import { interesting } from './values.ts'

/** Texts that mean something to the parser, or to JavaScript. */
export const tokens: readonly string[] = [
  '.maps',
  '.rodata',
  '.text',
  'license',
  '.BTF',
  '.BTF.ext',
  '.rel',
  'tc',
  'tcx/a',
  'xdp',
  'GPL',
  '.data',
  '.bss',
  '.ksyms',
  'type',
  'key',
  'value',
  'key_size',
  'max_entries',
  'pinning',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'EP_ID.u16',
  'EP_ID.be32',
  'EP_IPV6.be128.1',
  'EP_IPV6.be128.0',
  '.u8',
  '\u001b[2J',
  '\n',
  '',
].map((text) => `${text}\0`)

/** Changes bytes without knowing what they are. `bytes` is changed in place, or a longer or shorter copy returned. */
export type ByteMutation = (bytes: Buffer, random: Random) => Buffer

export const byteMutations: readonly ByteMutation[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length)
    bytes[at] = bytes[at]! ^ (1 << random.below(8))
    return bytes
  },
  function replaceByte(bytes, random) {
    bytes[random.below(bytes.length)] = random.next()
    return bytes
  },
  function replaceWord(bytes, random) {
    if (bytes.length < 4) return bytes
    bytes.writeUInt32LE(random.pick(interesting), random.below(bytes.length - 3))
    return bytes
  },
  function copyChunk(bytes, random) {
    const from = random.below(bytes.length)
    bytes.copy(bytes, random.below(bytes.length), from, from + 1 + random.below(64))
    return bytes
  },
  function fillChunk(bytes, random) {
    const from = random.below(bytes.length)
    const to = Math.min(bytes.length, from + 1 + random.below(64))
    return bytes.fill(random.oneIn(2) ? 0 : random.next() & 0xff, from, to)
  },
  function putToken(bytes, random) {
    bytes.write(random.pick(tokens), random.below(bytes.length), 'latin1')
    return bytes
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length))
  },
  function duplicateChunk(bytes, random) {
    const from = random.below(bytes.length)
    const chunk = bytes.subarray(from, from + 1 + random.below(256))
    return Buffer.concat([bytes.subarray(0, from), chunk, bytes.subarray(from)])
  },
]

/** The beginning of one input and the end of another, as long as the first. */
export function splice(bytes: Buffer, other: Buffer, random: Random): Buffer {
  const at = random.below(Math.min(bytes.length, other.length))
  return Buffer.concat([bytes.subarray(0, at), other.subarray(at)])
}
