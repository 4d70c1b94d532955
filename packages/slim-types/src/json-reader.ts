import { DecodeError } from './errors.ts'
import { JsonScanner } from './json-scanner.ts'
import type { JsonField, JsonFields, JsonShape } from './json-shape.ts'
import type { MessageBytes } from './protobuf.ts'

/**
 * What is wanted of a JSON document: what JSON.parse makes of it, without the fields that the shape does not name.
 * Throws DecodeError where JSON.parse throws, and for what JsonScanner refuses besides.
 */
export function readJson(document: MessageBytes, shape: JsonShape): unknown {
  const scanner = new JsonScanner(document)
  const value = readValue(scanner, shape)
  scanner.finish()
  return value
}

/** Reads the value that is next. */
function readValue(scanner: JsonScanner, shape: JsonShape): unknown {
  switch (shape.of) {
    case 'object':
      return scanner.isObjectNext ? readObject(scanner, shape.fields) : readWhole(scanner)
    case 'list':
      return scanner.isListNext ? readList(scanner, shape.element) : readWhole(scanner)
    case 'map':
      return scanner.isObjectNext ? readMap(scanner, shape) : readWhole(scanner)
    case 'shared-text':
      return scanner.isTextNext ? readSharedText(scanner, shape) : readWhole(scanner)
    default:
      return readWhole(scanner)
  }
}

type Sharing = Pick<Extract<JsonShape, { of: 'map' }>, 'interner'>

function readObject(scanner: JsonScanner, fields: JsonFields): unknown {
  const object: Record<string, unknown> = {}
  for (let more = scanner.enterObject(); more; more = scanner.nextKey()) {
    scanner.key()
    const field = fieldOf(scanner, fields)
    if (field === undefined) scanner.skip()
    else object[field.name] = readValue(scanner, field.shape)
  }
  return object
}

function readList(scanner: JsonScanner, element: JsonShape): unknown {
  const list: unknown[] = []
  for (let more = scanner.enterList(); more; more = scanner.nextElement()) {
    list.push(readValue(scanner, element))
  }
  return list
}

function readMap(scanner: JsonScanner, sharing: Sharing): unknown {
  const map: Record<string, unknown> = {}
  for (let more = scanner.enterObject(); more; more = scanner.nextKey()) {
    scanner.key()
    const key = lastShared(scanner, sharing)
    const value = scanner.isTextNext ? readSharedText(scanner, sharing) : readWhole(scanner)
    if (key !== '__proto__') map[key] = value
    // An assignment would be taken for the prototype.
    else Object.defineProperty(map, key, { value, configurable: true, enumerable: true, writable: true })
  }
  return map
}

function readSharedText(scanner: JsonScanner, sharing: Sharing): string {
  scanner.text()
  return lastShared(scanner, sharing)
}

/** Reads the string, number or whatever it is with everything in it. */
function readWhole(scanner: JsonScanner): unknown {
  if (scanner.isTextNext) {
    scanner.text()
    return lastText(scanner)
  }
  const start = scanner.pos
  scanner.skip()
  return parse(scanner, start, scanner.pos)
}

function lastText(scanner: JsonScanner): string {
  const { bytes, textStart, textEnd, isEscaped } = scanner
  // With its quotes it is JSON, which knows what an escape means.
  if (isEscaped) return parse(scanner, textStart - 1, textEnd + 1) as string
  return textStart === textEnd ? '' : bytes.toString('utf8', textStart, textEnd)
}

function lastShared(scanner: JsonScanner, { interner }: Sharing): string {
  const { bytes, textStart, textEnd, isEscaped } = scanner
  return isEscaped ? interner.intern(lastText(scanner)) : interner.internBytes(bytes, textStart, textEnd)
}

/** Of bytes that the scanner accepted. */
function parse({ bytes }: JsonScanner, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end))
  } catch (error) {
    throw new DecodeError('parse JSON', { cause: error })
  }
}

/** The field that the key which was read last names. */
function fieldOf(scanner: JsonScanner, fields: JsonFields): JsonField | undefined {
  if (scanner.isEscaped) {
    const name = lastText(scanner)
    return fields[name.length]?.find((field) => field.name === name)
  }
  const { bytes, textStart, textEnd } = scanner
  const candidates = fields[textEnd - textStart]
  if (candidates === undefined) return undefined
  for (const field of candidates) if (isText(field.name, bytes, textStart)) return field
  return undefined
}

/** Whether the bytes are those of a name, which is ASCII. */
function isText(name: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
