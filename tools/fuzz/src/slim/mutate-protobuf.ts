import type { Random } from '../random.ts'
import { listsOf, parseMessage, prefixOf, varint, type WireField, writeMessage } from './protobuf-tree.ts'
import { texts } from './texts.ts'

const varints: readonly Buffer[] = [
  ...[0, 1, 2, 80, 127, 128, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff].map(varint),
  Buffer.from('ffffffffffffffffff01', 'hex'),
  Buffer.from('8080808080808080808000', 'hex'),
  Buffer.from('80808000', 'hex'),
]

/** Changes one field, wherever it is, and the lengths around it. Undefined when the bytes are no message. */
export function mutateProtobuf(bytes: Buffer, other: Buffer, random: Random): Buffer | undefined {
  const prefix = prefixOf(bytes)
  const message = parseMessage(bytes.subarray(prefix.length))
  if (message === undefined) return undefined
  const lists = listsOf(message)
  const list = random.pick(lists)
  const place = random.below(list.length)
  const given = random.oneIn(3) ? foreignField(other, random) : undefined
  if (list.length === 0 || given !== undefined)
    list.splice(place, random.below(2), given ?? madeField(random))
  else random.pick(changes)(list, place, random)
  return Buffer.concat([prefix, writeMessage(message)])
}

type Change = (list: WireField[], place: number, random: Random) => void

const changes: readonly Change[] = [
  function remove(list, place) {
    list.splice(place, 1)
  },
  function repeat(list, place, random) {
    list.splice(random.below(list.length + 1), 0, list[place]!)
  },
  function move(list, place, random) {
    const [field] = list.splice(place, 1)
    list.splice(random.below(list.length + 1), 0, field!)
  },
  function giveValue(list, place, random) {
    const { tag } = list[place]!
    list[place] = { tag, bytes: (tag & 7) === 0 ? random.pick(varints) : textOf(random) }
  },
  function giveNumber(list, place, random) {
    const field = list[place]!
    list[place] = { ...field, tag: ((1 + random.below(30)) << 3) | (field.tag & 7) }
  },
  function giveType(list, place, random) {
    const field = list[place]!
    list[place] = { ...field, tag: (field.tag & ~7) | random.below(8) }
  },
  function damage(list, place, random) {
    const field = list[place]!
    if (field.fields !== undefined || field.bytes.length === 0) return
    const bytes = Buffer.from(field.bytes)
    bytes[random.below(bytes.length)] = random.next()
    list[place] = { ...field, bytes }
  },
  function nest(list, place, random) {
    for (let depth = random.below(8); depth > 0; depth--) {
      const field = list[place]!
      list[place] = { tag: (field.tag & ~7) | 2, bytes: Buffer.alloc(0), fields: [field] }
    }
  },
]

function madeField(random: Random): WireField {
  const number = (1 + random.below(24)) << 3
  return random.oneIn(2)
    ? { tag: number, bytes: random.pick(varints) }
    : { tag: number | 2, bytes: textOf(random) }
}

function textOf(random: Random): Buffer {
  return random.oneIn(8)
    ? Buffer.from(Array.from({ length: random.below(300) }, () => random.next()))
    : Buffer.from(random.pick(texts))
}

function foreignField(other: Buffer, random: Random): WireField | undefined {
  const message = parseMessage(other.subarray(prefixOf(other).length))
  return message === undefined ? undefined : random.pick(listsOf(message)).at(random.below(8))
}
