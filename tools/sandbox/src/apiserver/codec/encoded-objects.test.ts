import { expect, it } from 'vitest'
import type { KubeObject } from '../object.ts'
import { EncodedObjects } from './encoded-objects.ts'

function object(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: '', resourceVersion: '1', creationTimestamp: '' },
  }
}

it('encodes an object and an event of it once, until too much is kept', () => {
  const encoded: string[] = []
  const cache = new EncodedObjects<string>({
    limitBytes: 100,
    object: ({ metadata }) => {
      encoded.push(metadata.name)
      return metadata.name.padEnd(30, '.')
    },
    event: (type, text) => `${type} ${text}`,
  })
  const [a, b] = [object('a'), object('b')]
  expect(cache.event('ADDED', a)).toBe(cache.event('ADDED', a))
  expect(cache.event('DELETED', a)).toMatch(/^DELETED a/)
  expect(encoded).toEqual(['a'])
  // 30 + 36 + 38 bytes are kept of the first: the second takes their place.
  cache.of(b)
  cache.of(b)
  expect(encoded).toEqual(['a', 'b'])
  cache.of(a)
  expect(encoded).toEqual(['a', 'b', 'a'])
})
