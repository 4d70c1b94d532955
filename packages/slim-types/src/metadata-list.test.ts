import { describe, expect, it } from 'vitest'
import { DecodeError, decodeMetadataList } from './index.ts'

const decode = (value: unknown) => decodeMetadataList(Buffer.from(JSON.stringify(value)))
const item = (name: string) => ({ metadata: { name, namespace: 'ns', resourceVersion: '3' } })

describe('a list of metadata', () => {
  it.each([
    { metadata: { resourceVersion: '7' }, remaining: 0 },
    { metadata: { resourceVersion: '7', continue: 'c', remainingItemCount: 41 }, remaining: 41 },
    { metadata: { resourceVersion: '7', continue: 'c' }, remaining: undefined },
    { metadata: { resourceVersion: '7', continue: 'c', remainingItemCount: -1 }, remaining: undefined },
  ])('$metadata: $remaining remain', ({ metadata, remaining }) => {
    const list = { kind: 'PartialObjectMetadataList', metadata, items: [item('a'), item('b')] }
    expect(decode(list)).toEqual({
      items: [
        { key: 'ns/a', resourceVersion: 3 },
        { key: 'ns/b', resourceVersion: 3 },
      ],
      resourceVersion: '7',
      remaining,
    })
  })

  it.each([
    [],
    { items: [] },
    { metadata: { resourceVersion: 7 }, items: [] },
    { metadata: { resourceVersion: '7' }, items: {} },
    { metadata: { resourceVersion: '7' }, items: ['a'] },
    { metadata: { resourceVersion: '7', continue: 'c', remainingItemCount: 1e300 }, items: [] },
  ])('%j is refused', (value) => {
    expect(() => decode(value)).toThrow(DecodeError)
  })
})
