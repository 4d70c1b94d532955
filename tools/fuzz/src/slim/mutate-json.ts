import type { Random } from '../random.ts'
import { texts } from './texts.ts'

/** Put among the others: most are JSON where a value may be, some nowhere. */
const tokens: readonly string[] = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1',
    '80',
    '65536',
    '2147483648',
    '1e400',
    '1.5',
    '1e1',
    '01',
    '-',
    '1.',
  ],
  ...['{}', '[]', '""', '{"a":1}', '[null]', '[{}]', '"\\u0061"', '"\\ud800"', '"\\x"', '"\\u00"', '{"":[]}'],
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\n',
    ' \t',
    '\u0000',
    '\ufeff',
    '\u2028',
    "'",
    '/**/',
    'NaN',
    'tru',
  ],
]

function token(random: Random): Buffer {
  if (random.oneIn(2)) return Buffer.from(random.pick(tokens))
  return Buffer.from(JSON.stringify(random.pick(texts)) + random.pick(['', '', ':']))
}

/** What JSON consists of, as far as the text is JSON. Each character is a byte. */
const pieces = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs

/** Changes JSON from one of its pieces to the same or another one. */
export function mutateJson(bytes: Buffer, other: Buffer, random: Random): Buffer {
  const { start, end } = pieceOf(bytes, random)
  const piece = bytes.subarray(start, end)
  return Buffer.concat([
    bytes.subarray(0, start),
    random.pick(changes)(piece, other, random),
    bytes.subarray(end),
  ])
}

type Change = (piece: Buffer, other: Buffer, random: Random) => Buffer

const changes: readonly Change[] = [
  function putToken(_piece, _other, random) {
    return token(random)
  },
  function putBefore(piece, _other, random) {
    return Buffer.concat([token(random), piece])
  },
  function putForeign(_piece, other, random) {
    const { start, end } = pieceOf(other, random)
    return other.subarray(start, end)
  },
  function remove() {
    return Buffer.alloc(0)
  },
  function repeat(piece, _other, random) {
    return Buffer.concat([piece, ...(random.oneIn(2) ? [Buffer.from(',')] : []), piece])
  },
  function escapeLetters(piece) {
    return Buffer.from(
      piece.toString('latin1').replaceAll(/[a-z]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
      'latin1',
    )
  },
  function nest(piece, _other, random) {
    const depth = random.oneIn(20) ? 495 + random.below(10) : random.below(5)
    return Buffer.concat([Buffer.from('['.repeat(depth)), piece, Buffer.from(']'.repeat(depth))])
  },
]

/** Where one piece is, or a few that follow each other, or none. */
function pieceOf(bytes: Buffer, random: Random): { start: number; end: number } {
  const found = [...bytes.toString('latin1').matchAll(pieces)]
  const first = found[random.below(found.length)]
  if (first === undefined) return { start: 0, end: bytes.length }
  if (random.oneIn(8)) return { start: first.index, end: first.index }
  const count = random.oneIn(2) ? 0 : random.below(12)
  const last = found[found.indexOf(first) + count] ?? first
  return { start: first.index, end: last.index + last[0].length }
}
