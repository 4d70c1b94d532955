import { describe, expect, it } from 'vitest'
import { humanDuration } from './format.ts'
import { parseJsonPath } from './json-path.ts'

describe('humanDuration', () => {
  it.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [150, '2m30s'],
    [600, '10m'],
    [10_800, '3h'],
    [10_860, '3h1m'],
    [86_400, '24h'],
    [2 * 86_400, '2d'],
    [2 * 86_400 + 7200, '2d2h'],
    [400 * 86_400, '400d'],
    [800 * 86_400, '2y70d'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(humanDuration(seconds * 1000)).toBe(text)
  })
})

describe('parseJsonPath', () => {
  const object = {
    spec: {
      names: ['x', 'y'],
      'odd.key': 1,
      nested: [
        { type: 'A', ip: '1' },
        { type: 'B', ip: '2' },
      ],
    },
  }
  it.each([
    ['.spec.names[0]', ['x']],
    ['.spec.names[-1]', ['y']],
    ['.spec.names[*]', ['x', 'y']],
    ['.spec.nested[*].ip', ['1', '2']],
    ['.spec.nested[?(@.type=="B")].ip', ['2']],
    [".spec['odd.key']", [1]],
    ['.spec.odd\\.key', [1]],
    ['.spec.none.deeper', []],
    ['.constructor.name', []],
  ])('%s', (text, expected) => {
    expect(parseJsonPath(text)?.(object)).toEqual(expected)
  })

  it('is undefined for what is no path', () => {
    expect(parseJsonPath('.spec[?(')).toBeUndefined()
  })
})
