import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { releaseMemory } from './release-memory.ts'

const mb = 2 ** 20

/** Makes garbage, and gives how large the heap was while it was there. */
function makeGarbage(): number {
  const garbage = Array.from({ length: 1_000_000 }, (_, i) => ({ i, text: `garbage ${i}` }))
  return garbage.length === 0 ? 0 : process.memoryUsage().heapTotal
}

it('gives back the pages of what is garbage, and leaves V8 as it was', () => {
  releaseMemory()
  const before = process.memoryUsage().heapTotal
  expect(makeGarbage()).toBeGreaterThan(before + 40 * mb)
  releaseMemory()
  expect(process.memoryUsage().heapTotal).toBeLessThan(before + 20 * mb)
  expect(runInNewContext('typeof gc')).toBe('undefined')
})
