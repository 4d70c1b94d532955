import { expect, it } from 'vitest'
import { readUsage } from './process-usage.ts'

it('tells what this process uses, and nothing of one that is not there', () => {
  const usage = readUsage(process.pid)!
  const { user, system } = process.cpuUsage()
  expect(usage.cpuMs).toBeLessThanOrEqual((user + system) / 1000 + 20)
  expect(usage.cpuMs).toBeGreaterThan((user + system) / 1000 / 2)
  expect(usage.memoryBytes / process.memoryUsage.rss()).toBeGreaterThan(0.5)
  expect(usage.memoryBytes / process.memoryUsage.rss()).toBeLessThan(2)
  expect(readUsage(2 ** 30)).toBeUndefined()
})
