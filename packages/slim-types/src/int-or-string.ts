import { DecodeError } from './errors.ts'
import type { Interner } from './interner.ts'
import type { JsonObject } from './json.ts'
import { enter, leave } from './protobuf.ts'
import { portNumber } from './values.ts'
import type { WireReader } from './wire-reader.ts'

/** A nested util/intstr IntOrString that holds a port: its number, or the name of a container port. */
export function readPortOrName(reader: WireReader, interner: Interner): number | string {
  const end = enter(reader)
  let isText = false
  let number = 0
  let text = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 0: // type: 0 is an int, 1 is a string
        isText = reader.uint32() === 1
        break
      case (2 << 3) | 0:
        number = reader.int32()
        break
      case (3 << 3) | 2:
        text = reader.interned(interner)
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return isText ? text : portNumber(number)
}

/** The same in JSON; undefined when absent. */
export function portOrNameAt(parent: JsonObject, field: string): number | string | undefined {
  const value = parent[field]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  if (typeof value !== 'number' || (value | 0) !== value) {
    throw new DecodeError(`${field} is neither a whole number nor a name`)
  }
  return portNumber(value | 0)
}
