import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CacheBench } from '../template-cache.testing.ts'
import { tryLockFile } from './file-lock.ts'
import { lockPath, metadataPath } from './layout.ts'
import { surplusEntries, sweepCache } from './sweep.ts'

let bench: CacheBench
beforeEach(() => {
  bench = new CacheBench()
})
afterEach(() => bench[Symbol.dispose]())

const configs = [
  { routingMode: 'native' },
  { routingMode: 'native', traceEveryPacket: true },
  { routingMode: 'tunnel' },
] as const
const sweep = (maxEntries: number) =>
  sweepCache(bench.cacheDir, { bounds: { maxEntries, maxBytes: 2 ** 30 }, nowMs: Date.now() })
const hashesThere = () => readdirSync(bench.cacheDir).filter((name) => /^[0-9a-f]{32}$/.test(name))

/** Three entries, used in that order, one second apart, and by nobody now. */
async function compileThree(): Promise<string[]> {
  await using cache = await bench.open()
  const hashes: string[] = []
  for (const [index, config] of configs.entries()) {
    const { hash, path } = await cache.object({ ...bench.wanted, config })
    const usedAt = Date.now() / 1000 - 100 + index
    utimesSync(metadataPath(join(path, '..')), usedAt, usedAt)
    hashes.push(hash)
  }
  return hashes
}

describe('surplusEntries', () => {
  const entry = fc.record({
    hash: fc.string(),
    bytes: fc.nat(100),
    lastUsedMs: fc.nat(1000),
  })

  it('leaves what fits, and nothing that was used before what goes', () => {
    fc.assert(
      fc.property(fc.array(entry), fc.nat(10), fc.nat(500), (entries, maxEntries, maxBytes) => {
        const numbered = entries.map((one, index) => ({ ...one, hash: String(index) }))
        const gone = new Set(surplusEntries(numbered, { maxEntries, maxBytes }))
        const kept = numbered.filter(({ hash }) => !gone.has(hash))
        const removed = numbered.filter(({ hash }) => gone.has(hash))
        expect(kept.length).toBeLessThanOrEqual(maxEntries)
        expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(maxBytes)
        const oldestKept = Math.min(...kept.map(({ lastUsedMs }) => lastUsedMs))
        for (const { lastUsedMs } of removed) expect(lastUsedMs).toBeLessThanOrEqual(oldestKept)
        if (
          entries.length <= maxEntries &&
          entries.every(({ bytes }) => bytes * entries.length <= maxBytes)
        ) {
          expect(removed).toEqual([])
        }
      }),
    )
  })
})

describe('sweeping', () => {
  it('removes what was not used for longest', async () => {
    const [first, second, third] = await compileThree()
    await using cache = await bench.open()
    await cache.object({ ...bench.wanted, config: configs[0] })
    await cache[Symbol.asyncDispose]()
    await sweep(2)
    expect(hashesThere().sort()).toEqual([first, third].sort())
    await sweep(1)
    expect(hashesThere()).toEqual([first])
    expect(second).toBeDefined()
  })

  it('keeps what a process uses, and removes it when that has ended', async () => {
    const [first, second] = await compileThree()
    await using cache = await bench.open()
    for (const config of configs.slice(0, 2)) {
      const { path } = await cache.object({ ...bench.wanted, config })
      utimesSync(metadataPath(join(path, '..')), 1, 1)
    }
    await sweep(0)
    expect(hashesThere().sort()).toEqual([first, second].sort())
    await cache[Symbol.asyncDispose]()
    await sweep(0)
    expect(hashesThere()).toEqual([])
  })

  it('keeps what somebody compiles', async () => {
    const [first = ''] = await compileThree()
    await using _lock = await tryLockFile(lockPath(join(bench.cacheDir, first)), 'exclusive')
    await sweep(0)
    expect(hashesThere()).toEqual([first])
  })

  it('happens by itself after a compilation, and never to what was just compiled', async () => {
    await compileThree()
    await using cache = await bench.open({ bounds: { maxEntries: 1, maxBytes: 0 } })
    const { hash } = await cache.object({ ...bench.wanted, program: 'overlay' })
    expect(hashesThere()).toEqual([hash])
  })

  it('counts entries that never had an object, and what is none of ours by its name only', async () => {
    const [hash = ''] = await compileThree()
    const fake = 'a'.repeat(32)
    mkdirSync(join(bench.cacheDir, fake), { mode: 0o700 })
    symlinkSync(bench.directory, join(bench.cacheDir, 'b'.repeat(32)))
    writeFileSync(join(bench.cacheDir, 'c'.repeat(32)), 'a file')
    writeFileSync(join(bench.cacheDir, 'notes.txt'), 'of somebody')
    await sweep(0)
    expect(readdirSync(bench.cacheDir).sort()).toEqual(['compilers.json', 'notes.txt'])
    expect(readdirSync(bench.directory)).toContain('cache')
    expect(hash).not.toBe('')
  })

  it('removes what a process left that was stopped while it removed or wrote', async () => {
    await compileThree()
    mkdirSync(join(bench.cacheDir, '.discarded-x', 'inside'), { recursive: true })
    const [old, fresh] = ['compilers.json.tmp-1', 'compilers.json.tmp-2'].map((name) =>
      join(bench.cacheDir, name),
    )
    writeFileSync(old!, '')
    writeFileSync(fresh!, '')
    utimesSync(old!, 1, 1)
    await sweep(10)
    const others = readdirSync(bench.cacheDir).filter((name) => !/^[0-9a-f]{32}$/.test(name))
    expect(others.sort()).toEqual(['compilers.json', 'compilers.json.tmp-2'])
  })

  it('by many at a time harms nobody who asks for objects meanwhile', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        await using cache = await bench.open({ bounds: { maxEntries: 0, maxBytes: 0 } })
        for (let turn = 0; turn < 4; turn++) {
          const config = configs[(index + turn) % configs.length]!
          const { bytes, metadata } = await cache.object({ ...bench.wanted, config })
          expect(metadata.config).toEqual(config)
          expect(bytes).toHaveLength(metadata.bytes)
          await sweep(0)
        }
        return 'done'
      }),
    )
    expect(outcomes).toEqual(Array(6).fill('done'))
  }, 60_000)
})
