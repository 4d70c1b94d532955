import { expect, it } from 'vitest'
import { createLimiter } from './limiter.ts'

it('runs as many as it may, in order, and others when one has failed', async () => {
  const inTurn = createLimiter(2)
  const begun: number[] = []
  let running = 0
  let most = 0
  const task = (number: number) => async () => {
    begun.push(number)
    most = Math.max(most, ++running)
    await new Promise(setImmediate)
    running--
    if (number === 1) throw new Error('first')
    return number
  }
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map((number) => inTurn(task(number))))
  expect(begun).toEqual([1, 2, 3, 4, 5])
  expect(most).toBe(2)
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed'))).toEqual([
    'failed',
    2,
    3,
    4,
    5,
  ])
})
