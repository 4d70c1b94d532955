import { describe, expect, it } from 'vitest'
import { quoted } from './errors.ts'
import { portOrNameAt } from './int-or-string.ts'
import { integerAt } from './json.ts'

describe('text from outside in a message', () => {
  it.each([
    { text: '', shown: '""' },
    { text: 'Pod', shown: '"Pod"' },
    { text: 'a"b\\', shown: '"a\\"b\\\\"' },
    { text: '\u001b[2J\u007f\u009b\u202e', shown: '"\\u001b[2J\\u{7f}\\u{9b}\\u{202e}"' },
    { text: 'é😀\ud800', shown: '"é😀\\ud800"' },
    { text: 'x'.repeat(1000), shown: `"${'x'.repeat(100)}…"` },
  ])('$text', ({ text, shown }) => {
    expect(quoted(text)).toBe(shown)
  })
})

it('-0 is 0', () => {
  expect(Object.is(integerAt({ port: -0 }, 'port'), 0)).toBe(true)
  expect(Object.is(portOrNameAt({ port: -0 }, 'port'), 0)).toBe(true)
})
