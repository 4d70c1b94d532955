import { expect, it } from 'vitest'
import { createLbAllocator } from './allocator.ts'

const at = (last: number) => ({ address: `10.0.0.${last}`, port: 80, protocol: 'TCP' as const })

it('gives each owner one number and reuses a released one last', () => {
  const numbers = createLbAllocator({ backendIds: 3 })
  expect([at(1), at(2), at(1)].map(numbers.backendId)).toEqual([1, 2, 1])
  numbers.releaseBackend(at(1), 1)
  expect([at(3), at(4)].map(numbers.backendId)).toEqual([3, 1])
  expect(() => numbers.backendId(at(5))).toThrow(/backend id for 10.0.0.5:80\/TCP: all 3 are in use/)
})

it('does not release a number for somebody who does not own it', () => {
  const numbers = createLbAllocator()
  numbers.backendId(at(1))
  numbers.releaseBackend(at(1), 2)
  expect(numbers.backendId(at(1))).toBe(1)
})

it('restores numbers and goes on behind them', () => {
  const numbers = createLbAllocator({ revNatIndexes: 10 })
  expect(numbers.restoreFrontend(at(1), 7)).toBe(true)
  expect(numbers.restoreFrontend(at(1), 7)).toBe(true)
  expect(numbers.restoreFrontend(at(1), 8)).toBe(false)
  expect(numbers.restoreFrontend(at(2), 7)).toBe(false)
  expect(numbers.restoreFrontend(at(2), 11)).toBe(false)
  expect(numbers.restoreFrontend(at(2), 0)).toBe(false)
  expect(numbers.revNatIndex(at(1))).toBe(7)
  expect(numbers.revNatIndex(at(2))).toBe(8)
  expect(numbers.knownRevNatIndex(at(3))).toBeUndefined()
})
