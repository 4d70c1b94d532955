import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { Counters } from './counters.ts'
import { countersKey, instrument } from './instrument.ts'

/** The value of the last expression, and how often each branch ran. */
function run(source: string): { value: unknown; times: number[] } {
  const instrumented = instrument(source, { path: 'x.ts', firstCounter: 0 })
  const times = Array.from({ length: instrumented.counters }, () => 0)
  const value = runInNewContext(stripTypeScriptTypes(instrumented.source), { [countersKey]: times })
  return { value, times }
}

describe('instrument', () => {
  it.each([
    ['if (1 < 2) { 3 } else { 4 }', 3, [1, 0]],
    ['if (1 > 2) 3\nelse if (2 > 3) 4\nelse 5', 5, [0, 1, 0, 1]],
    ['let a = 1\nif (a > 1) if (a > 2) a = 5\na', 1, [0, 0, 0, 1]],
    ['let a = 1\nif (a > 1) a &&= 2\na', 1, [0, 1]],
    ['const a: number = 0 || 2 && 3\na', 3, [1, 1]],
    ['null ?? (1 as number)', 1, [1]],
    ['(1 > 2 ? "x" : "y")', 'y', [0, 1]],
    ['[1, 2, 3].map((n) => n > 1 ? n : 0).join()', '0,2,3', [3, 2, 1]],
    ['[1].map((n) => ({ n }))[0]!.n', 1, [1]],
    ['let n = 0\nfor (const m of [1, 2]) n += m\nn', 3, [2]],
    ['let n = 2\nwhile (n > 0) n--\nn', 0, [2]],
    [
      'let r\nswitch (2 as number) { case 1: r = 1; break\n case 2: r = 2; break\n default: r = 3 }\nr',
      2,
      [0, 1, 0],
    ],
    ['function f(x?: string): x is string { return x !== undefined && x > "a" }\nf("b")', true, [1, 1]],
  ])('%s', (source, value, times) => {
    const result = run(source)
    expect(result.value).toEqual(value)
    // Counters are numbered as the tree is visited; what counts is that each branch has one.
    expect(result.times.toSorted()).toEqual(times.toSorted())
  })

  it.each(['elf/elf-file', 'plan/link-program', 'plan/map-definitions', 'template/patch'])(
    'leaves %s TypeScript',
    (name) => {
      const path = new URL(`../../../../packages/bpf-templater/src/${name}.ts`, import.meta.url).pathname
      const { source, counters } = instrument(readFileSync(path, 'utf8'), { path, firstCounter: 10 })
      expect(counters).toBeGreaterThan(4)
      expect(() => stripTypeScriptTypes(source)).not.toThrow()
      expect(source.split('\n').length).toBe(readFileSync(path, 'utf8').split('\n').length)
    },
  )

  it('refuses what is no TypeScript, by name', () => {
    expect(() => instrument('if (', { path: 'broken.ts', firstCounter: 0 })).toThrow('broken.ts')
  })
})

describe('Counters', () => {
  it('know a branch, and classes of how often it ran', () => {
    const counters = new Counters()
    counters.reserve(2)
    counters.install()
    const times: Uint8ClampedArray = Reflect.get(globalThis, countersKey)
    const novelty = (count: number) => {
      counters.reset()
      times[0] = count
      return counters.takeNovelty()
    }
    expect([1, 1, 2, 3, 4, 7, 8, 128, 300, 0].map(novelty)).toEqual([
      true,
      false,
      true,
      true,
      true,
      false,
      true,
      true,
      false,
      false,
    ])
    expect(counters.reached).toBe(1)
  })
})
