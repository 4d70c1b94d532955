import { expect, it } from 'vitest'
import { isAtLeast } from './versions.ts'

it.each([
  ['9', '10', false],
  ['10', '9', true],
  ['10', '10', true],
  ['99999999999999999999', '100000000000000000000', false],
  ['abc', 'abc', true],
  ['abc', '1', undefined],
  ['1', '', undefined],
  ['01', '1', undefined],
])('%s is at least %s: %s', (a, b, expected) => {
  expect(isAtLeast(a, b)).toBe(expected)
})
