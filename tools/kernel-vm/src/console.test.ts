import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ConsoleTail } from './console.ts'

function tailOf(pieces: readonly string[], maxLines = 3): string[] {
  const tail = new ConsoleTail({ maxLines })
  for (const piece of pieces) tail.write(piece)
  return tail.lines()
}

it.each([
  { name: 'the last lines', pieces: ['1\n2\n3\n4\n'], lines: ['2', '3', '4'] },
  {
    name: 'a line in pieces',
    pieces: ['Kernel pa', 'nic - not', ' syncing\n'],
    lines: ['Kernel panic - not syncing'],
  },
  { name: 'the line that has not ended', pieces: ['1\n2\n3\nstill'], lines: ['2', '3', 'still'] },
  { name: 'no empty lines', pieces: ['1\r\n\r\n \n2\r\n'], lines: ['1', '2'] },
  {
    name: 'no escape sequences',
    pieces: ['\u001bc\u001b[?7l\u001b[2J\u001b[31mSeaBIOS\u001b[0m\n'],
    lines: ['SeaBIOS'],
  },
])('keeps $name', ({ pieces, lines }) => expect(tailOf(pieces)).toEqual(lines))

it('says the same however the text is cut, and is bounded', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', '\u001b', '[', 'm'), maxLength: 60 })
  fc.assert(
    fc.property(text, fc.nat(60), (whole, at) => {
      const lines = tailOf([whole])
      expect(tailOf([whole.slice(0, at), whole.slice(at)])).toEqual(lines)
      expect(lines.length).toBeLessThanOrEqual(3)
    }),
  )
  expect(tailOf(['x'.repeat(1_000_000)])[0]?.length).toBe(4096)
})
