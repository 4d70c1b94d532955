import { hashOfText, keyBytesOf } from '@axoneme/key-hash'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KeylessRows } from './keyless-rows.ts'

type Row = Readonly<{ name: string; version: number }>

const created = (random?: () => number) =>
  new KeylessRows<Row>({
    keyOf: ({ name }) => name,
    hasKey: ({ name }, key) => name === key,
    ...(random === undefined ? {} : { random }),
  })

function found(rows: KeylessRows<Row>, key: string): Row | undefined {
  return rows.find(rows.hashOf(keyBytesOf(key)), ({ name }) => name === key)
}

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
          if (kind === 'delete') {
            expect(rows.take(key)).toEqual(map.get(key))
            map.delete(key)
          } else {
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
          expect(found(rows, key)).toEqual(map.get(key))
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
  expect(rows.take('a')).toBeUndefined()
  expect([...rows]).toEqual([])
})

it('tells keys of one hash apart', () => {
  const rows = created(() => 0)
  const [one, other] = collidingKeys(0)
  rows.set(one, { name: one, version: 1 })
  expect([rows.get(other), found(rows, other)]).toEqual([undefined, undefined])
  rows.set(other, { name: other, version: 2 })
  expect([one, other].map((key) => rows.get(key)?.version)).toEqual([1, 2])
  expect([one, other].map((key) => found(rows, key)?.version)).toEqual([1, 2])
})

/** Among 80,000 keys there are some. */
function collidingKeys(seed: number): [string, string] {
  const seen = new Map<number, string>()
  for (let i = 0; ; i++) {
    const key = `team/web-${i}`
    const hash = hashOfText(key, seed)
    const found = seen.get(hash)
    if (found !== undefined) return [found, key]
    seen.set(hash, key)
  }
}

it('replaces a row, found by its key before or not', () => {
  const rows = created()
  const [a, b] = ['a', 'b'].map((name) => ({ name, version: 1 })) as [Row, Row]
  for (const row of [a, b]) rows.set(row.name, row)
  expect(found(rows, 'a')).toBe(a)
  const [newA, newB] = [a, b].map(({ name }) => ({ name, version: 2 })) as [Row, Row]
  rows.replace(b, newB)
  rows.replace(a, newA)
  expect([rows.get('a'), rows.get('b'), rows.size]).toEqual([newA, newB, 2])
  rows.take('a')
  rows.replace(newB, b)
  expect([...rows]).toEqual([['b', b]])
})
