import { describe, expect, it } from 'vitest'
import { minimalObjects } from '../corpus/minimal-objects.ts'
import { execute as executeHanging } from './planted-hang.testing.ts'
import { execute as executeHoarding } from './planted-hog.testing.ts'
import { execute as executeThrowing } from './planted-throw.testing.ts'
import { type FuzzOptions, fuzz } from './supervise.ts'

const seeds = [...minimalObjects()].map(([name, bytes]) => ({ name, bytes }))
const mutations = new URL('../mutate/mutate.ts', import.meta.url)
const guidedBy = /\/bpf-templater\/src\/elf\//

function options(planted: 'throw' | 'hang' | 'hog', more: Partial<FuzzOptions> = {}): FuzzOptions {
  return {
    target: { module: new URL(`./planted-${planted}.testing.ts`, import.meta.url), mutations, guidedBy },
    seeds,
    seed: 1,
    workers: 1,
    executions: 5000,
    durationMs: 150_000,
    feedback: 'both',
    hangMs: 20_000,
    signal: AbortSignal.timeout(150_000),
    ...more,
  }
}

describe('fuzz', { timeout: 180_000 }, () => {
  it('finds a fault that only mutation reaches, once, with an input that shows it', async () => {
    for (const { bytes } of seeds) expect(() => executeThrowing(bytes)).not.toThrow()
    const { all, executions } = await fuzz(options('throw'))
    expect(all.map(({ key }) => key)).toEqual([expect.stringMatching(/^RangeError .*planted-throw/)])
    expect(() => executeThrowing(all[0]!.input)).toThrow(RangeError)
    expect(executions).toBe(5000)
  })

  it('ends a worker that hangs, keeps what it was at, and goes on', async () => {
    for (const { bytes } of seeds) executeHanging(bytes)
    const { all, executions } = await fuzz(options('hang', { executions: 2000, hangMs: 1000 }))
    expect(all.map(({ key }) => key)).toEqual(['hang'])
    expect(() => withoutLoop(all[0]!.input)).toThrow('links to itself')
    expect(executions).toBeGreaterThanOrEqual(2000)
  })

  it('survives a worker that takes all memory, keeps what it was at, and goes on', async () => {
    for (const { bytes } of seeds) executeHoarding(bytes)
    const { all, executions } = await fuzz(options('hog', { executions: 2000 }))
    expect(all.map(({ key }) => key)).toEqual(['worker died: SIGABRT'])
    expect(all[0]!.message).toContain('heap out of memory')
    expect(executions).toBeGreaterThanOrEqual(2000)
  })

  it('tries the same with the same seed, and other things with another worker', async () => {
    const [first, again] = [await fuzz(options('throw')), await fuzz(options('throw'))]
    expect(again.outcomeKeys).toEqual(first.outcomeKeys)
    expect(again.all).toEqual(first.all)
    expect(again.population).toBe(first.population)
    const two = await fuzz(options('throw', { workers: 2, executions: 10_000 }))
    expect(two.executions).toBe(10_000)
    expect(two.all.map(({ key }) => key)).toEqual(first.all.map(({ key }) => key))
  })

  it('stops at once when it is told to', async () => {
    const stop = new AbortController()
    const running = fuzz(options('throw', { executions: 1e9, signal: stop.signal }))
    stop.abort()
    expect((await running).executions).toBeLessThan(1e9)
  })

  it('fails when the target cannot be imported', async () => {
    const target = { module: new URL('./not-there.ts', import.meta.url), mutations, guidedBy }
    await expect(fuzz({ ...options('throw'), target })).rejects.toThrow('not-there.ts')
  })
})

/** What the planted hang loops on, read from the bytes. */
function withoutLoop(input: Buffer): void {
  const at = input.readUInt32LE(40)
  for (let index = 1; index < input.readUInt16LE(60); index++) {
    if (input.readUInt32LE(at + index * 64 + 40) === index)
      throw new Error(`section ${index} links to itself`)
  }
}
