import fc from 'fast-check'
import { expect, it } from 'vitest'
import { includesAll, mergePatch } from './merge-patch.ts'

/** RFC 7386, section 2, to the letter. */
function applied(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = applied(result[key], value)
  }
  return result
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const { tree } = fc.letrec<{ tree: Record<string, unknown>; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(fc.string(), fc.nat(3), fc.boolean(), fc.array(fc.nat(3), { maxLength: 3 })),
  tree: fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'toString'),
    fc.oneof({ maxDepth: 3, depthSize: 'small' }, tie('leaf'), tie('tree')),
    { maxKeys: 4 },
  ) as fc.Arbitrary<Record<string, unknown>>,
}))

it('turns one object into the other, and is undefined when they are equal', () => {
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      const patch = mergePatch(before, after)
      expect(applied(before, patch ?? {})).toEqual(after)
      expect(mergePatch(after, after)).toBeUndefined()
    }),
  )
})

it('says no more than what differs', () => {
  const before = { metadata: { labels: { a: '1', b: '2' } }, status: { id: 1, list: [1, 2] } }
  const after = { metadata: { labels: { a: '1', c: '3' } }, status: { id: 1, list: [1] } }
  expect(mergePatch(before, after)).toEqual({
    metadata: { labels: { b: null, c: '3' } },
    status: { list: [1] },
  })
})

it.each([
  { stored: { a: 1, b: { c: 2, d: 3 } }, wanted: { b: { c: 2 } }, includes: true },
  { stored: { a: 1 }, wanted: { a: 1, b: {} }, includes: false },
  { stored: { a: [1, 2] }, wanted: { a: [1] }, includes: false },
  { stored: undefined, wanted: {}, includes: false },
])('$stored includes $wanted: $includes', ({ stored, wanted, includes }) => {
  expect(includesAll(stored, wanted)).toBe(includes)
})
