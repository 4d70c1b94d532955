import type { Random } from '../random.ts'
import { texts } from './texts.ts'

const values: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 80, 65_535, 65_536, 2 ** 31, 1.5, 1e300],
  ...[{}, [], [null], [[]], [{}], { a: 'b' }, '\ud800', 'a\udc00'],
]

/** Gives one field or element of a JSON value another one, or takes it away: JSON it stays. Undefined when it is none. */
export function mutateJsonValue(bytes: Buffer, other: Buffer, random: Random): Buffer | undefined {
  const value = parse(bytes)
  const containers = containersIn(value).filter((container) => Object.keys(container).length > 0)
  if (containers.length === 0) return undefined
  const container = random.pick(containers)
  const key = random.pick(Object.keys(container))
  if (random.oneIn(6)) Reflect.deleteProperty(container, key)
  else
    put(
      container,
      random.oneIn(4) && !Array.isArray(container) ? random.pick(texts) : key,
      newValue(other, random),
    )
  return Buffer.from(JSON.stringify(value))
}

/** An assignment of `__proto__` would be taken for the prototype. */
function put(container: object, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, configurable: true, enumerable: true, writable: true })
}

function newValue(other: Buffer, random: Random): unknown {
  const way = random.below(4)
  if (way === 0) return random.pick(values)
  const foreign = way === 1 ? parse(other) : undefined
  if (foreign === undefined) return random.pick(texts)
  const parts = containersIn(foreign).flatMap((container) => [container, ...Object.values(container)])
  return parts.length === 0 ? foreign : random.pick(parts)
}

/** The objects and lists in a value, itself among them. Those that nest too deep for our stack are left alone. */
function containersIn(value: unknown, depth = 0): object[] {
  if (typeof value !== 'object' || value === null || depth > 200) return []
  return [value, ...Object.values(value).flatMap((part) => containersIn(part, depth + 1))]
}

function parse(bytes: Buffer): unknown {
  // What was nested on purpose: to write it again takes too much stack, too.
  if (bytes.includes('['.repeat(32))) return undefined
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
