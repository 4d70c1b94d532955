import { DecodeError } from '@axoneme/slim-types'
import { createTable } from '@axoneme/tables'
import { expect, it } from 'vitest'
import { jsonDecoder } from './json-decoder.ts'
import { TableMirror } from './table-mirror.ts'

type Thing = { metadata: { name: string; namespace: string; resourceVersion: string } }

const decoder = jsonDecoder<Thing>({
  ...{ kind: 'Thing', apiVersion: 'v1', resource: 'things' },
  parse: (value) => value as Thing,
})
const thing = (name: string, version: number): Thing => ({
  metadata: { name, namespace: 'ns', resourceVersion: String(version) },
})
const error = new DecodeError('not a thing')
const key = (name: string) => `ns/${name}`

function mirrorOf(...things: Thing[]) {
  const table = createTable<Thing>({ name: 'things', key: (row) => decoder.identify(row).key })
  const mirror = new TableMirror(table, decoder)
  mirror.replace({ items: things, invalid: [], resourceVersion: '10' })
  return { table, mirror }
}

it('counts what exists, whether it can be read or not', () => {
  const { table, mirror } = mirrorOf(thing('a', 1))
  const invalid = (name: string, version: number) =>
    mirror.apply({ type: 'INVALID', key: key(name), resourceVersion: String(version), error })
  invalid('a', 11)
  invalid('b', 12)
  expect([mirror.size, table.size, [...mirror.keys()]]).toEqual([2, 1, ['ns/a', 'ns/b']])
  expect(mirror.has('ns/b')).toBe(true)
  mirror.apply({ type: 'MODIFIED', resourceVersion: 13, row: thing('b', 13), known: undefined })
  expect([mirror.size, table.size]).toEqual([2, 2])
  invalid('c', 14)
  mirror.apply({ type: 'DELETED', key: key('c'), resourceVersion: '15' })
  expect([mirror.size, table.size]).toEqual([2, 2])
})

it('after a list it is the list, and what cannot be read is as it was or unread', () => {
  const { table, mirror } = mirrorOf(thing('a', 1), thing('b', 2), thing('c', 3))
  const invalid = ['b', 'd'].map((name) => ({ key: key(name), error }))
  mirror.replace({ items: [thing('c', 9)], invalid, resourceVersion: '20' })
  expect([...table.keys()].sort()).toEqual(['ns/b', 'ns/c'])
  expect([mirror.size, mirror.resourceVersion]).toEqual([3, '20'])
  mirror.replace({ items: [], invalid: [], resourceVersion: '21' })
  expect(mirror.size).toBe(0)
})

it('a bookmark moves the version and is no change', () => {
  const { mirror } = mirrorOf()
  const { changeCount } = mirror
  expect(mirror.apply({ type: 'BOOKMARK', resourceVersion: '11', endsInitialEvents: false })).toBe(false)
  expect([mirror.resourceVersion, mirror.changeCount]).toEqual(['11', changeCount])
  mirror.apply({ type: 'DELETED', key: key('x'), resourceVersion: '12' })
  expect(mirror.changeCount).toBe(changeCount + 1)
})
