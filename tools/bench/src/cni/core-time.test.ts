import { expect, it } from 'vitest'
import { parseCoreTime, readCoreTime } from './core-time.ts'

it('a thread has run, and waited, for nanoseconds', () => {
  expect(parseCoreTime('3500000 250000 17\n')).toEqual({ ranMs: 3.5, waitedMs: 0.25 })
  expect(() => parseCoreTime('\n')).toThrow(RangeError)
})

it('a process that works has run longer', () => {
  const before = readCoreTime(process.pid)
  while (readCoreTime(process.pid).ranMs < before.ranMs + 1);
  expect(readCoreTime(process.pid).waitedMs).toBeGreaterThanOrEqual(before.waitedMs)
})
