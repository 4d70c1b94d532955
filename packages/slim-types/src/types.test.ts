import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hasObjectKey, objectKey } from './index.ts'

// Few characters, so that many keys are nearly equal.
const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 })
const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 })

it('an object has the key that it would be given, and no other', () => {
  fc.assert(
    fc.property(fc.record({ namespace: name, name }), text, (object, other) => {
      for (const key of [objectKey(object), other]) {
        const expected = key === objectKey(object)
        expect(hasObjectKey(object, key)).toBe(expected)
      }
    }),
    { numRuns: 2000 },
  )
})
