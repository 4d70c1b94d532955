import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KeylessRows } from './keyless-rows.ts'

type Row = Readonly<{ name: string; version: number }>

function ascii(key: Uint8Array, length: number): string {
  return Buffer.from(key.subarray(0, length)).toString('latin1')
}

const created = (random?: () => number) =>
  new KeylessRows<Row>({
    keyOf: ({ name }) => name,
    hasKey: ({ name }, key) => name === key,
    hasAsciiKey: ({ name }, key, length) => name === ascii(key, length),
    ...(random === undefined ? {} : { random }),
  })

// Few keys, so that they come again; with every second seed they are many to a place.
const key = fc.oneof(fc.integer({ min: 0, max: 200 }).map(String), fc.string({ maxLength: 3 }))
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('set'), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete'), key }) },
)

it('holds what a Map holds after the same changes', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 400 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (changes, seed) => {
        const [rows, map] = [created(() => seed), new Map<string, Row>()]
        for (const [version, { kind, key }] of changes.entries()) {
          if (kind === 'delete') expect(rows.delete(key)).toBe(map.delete(key))
          else {
            rows.set(key, { name: key, version })
            map.set(key, { name: key, version })
          }
          expect(rows.get(key)).toEqual(map.get(key))
        }
        expect(rows.size).toBe(map.size)
        expect(new Map(rows)).toEqual(map)
        expect(new Set(rows.keys())).toEqual(new Set(map.keys()))
        for (const [key, row] of map) expect(rows.get(key)).toEqual(row)
        for (const { key } of changes.filter(({ key }) => /^[\0-\x7f]*$/.test(key))) {
          expect(rows.getAscii(Buffer.from(`${key}and more`), key.length)).toEqual(map.get(key))
        }
      },
    ),
    { numRuns: 300 },
  )
})

it('finds nothing where nothing is', () => {
  const rows = created()
  expect(rows.get('')).toBeUndefined()
  expect(rows.has('a')).toBe(false)
  expect(rows.delete('a')).toBe(false)
  expect([...rows]).toEqual([])
})

it('tells keys of one hash apart', () => {
  // With this seed the hash is FNV-1a, whose collisions are known.
  const rows = created(() => 0x811c9dc5 / 2 ** 32)
  const [one, other] = ['liquor', 'costarring']
  const ascii = (key: string) => rows.getAscii(Buffer.from(key), key.length)
  rows.set(one, { name: one, version: 1 })
  expect([rows.get(other), ascii(other)]).toEqual([undefined, undefined])
  rows.set(other, { name: other, version: 2 })
  expect([one, other].map((key) => rows.get(key)?.version)).toEqual([1, 2])
  expect([one, other].map((key) => ascii(key)?.version)).toEqual([1, 2])
})
