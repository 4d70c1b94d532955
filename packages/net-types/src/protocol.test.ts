import { expect, it } from 'vitest'
import { parseL4Protocol } from './protocol.ts'

it.each([
  ['TCP', 'TCP'],
  ['SCTP', 'SCTP'],
  ['tcp', undefined],
  ['', undefined],
  // What every object has is no protocol.
  ['constructor', undefined],
  ['toString', undefined],
])('%s is %s', (text, protocol) => {
  expect(parseL4Protocol(text)).toBe(protocol)
})
