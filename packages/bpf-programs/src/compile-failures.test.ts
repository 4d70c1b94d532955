import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { failureAfter, failureFor } from './cache/failure.ts'
import { CompileError } from './errors.ts'
import { defaultSourceDir } from './sources.ts'
import { CacheBench } from './template-cache.testing.ts'
import type { CompileEvent, TemplateCacheOptions } from './template-cache.ts'

let bench: CacheBench
beforeEach(() => {
  bench = new CacheBench()
})
afterEach(() => bench[Symbol.dispose]())

/** Fails while `broken` is there. */
function failingClang() {
  const broken = join(bench.directory, 'broken')
  writeFileSync(broken, '')
  const clang = bench.writeClang(
    `[ "$compiling" ] && [ -e ${broken} ] && { echo "boom: a reason" >&2; exit 1; }`,
  )
  return { clang, broken }
}

async function ask(options: Partial<TemplateCacheOptions>) {
  await using cache = await bench.open(options)
  return await cache.object(bench.wanted)
}

const failureOf = (options: Partial<TemplateCacheOptions>) =>
  ask(options).then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a failed compilation', () => {
  it("is told with clang's own words to all who wait for it in a process", async () => {
    const { clang } = failingClang()
    const events: CompileEvent[] = []
    await using cache = await bench.open({ clang, observe: (event) => events.push(event) })
    const asked = Array.from({ length: 5 }, () => cache.object(bench.wanted))
    for (const outcome of await Promise.allSettled(asked)) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'BPF_COMPILE', retryable: true, message: expect.stringContaining('boom: a reason') },
      })
    }
    expect(bench.calls().compilations).toBe(1)
    expect(events.map(({ outcome }) => outcome).sort()).toEqual(['failed', ...Array(4).fill('failed-before')])
  })

  it('is told to all processes, of which only one compiles', async () => {
    const { clang } = failingClang()
    const backoff = { minMs: 60_000, maxMs: 60_000 }
    const outcomes = await Promise.all(
      Array.from({ length: 3 }, () => bench.askInProcess({ clang, backoff })),
    )
    for (const { failed } of outcomes) expect(failed).toContain('boom: a reason')
    expect(bench.calls().compilations).toBe(1)
  })

  it('is told to who waited for the lock, even when the next attempt may be at once', async () => {
    const go = join(bench.directory, 'go')
    const wait = `while [ ! -e ${go} ]; do sleep 0.02; done`
    const clang = bench.writeClang(`[ "$compiling" ] && { ${wait}; echo boom >&2; exit 1; }`)
    let asked = 0
    const now = () => {
      asked++
      return Date.now()
    }
    const options = { clang, now, backoff: { minMs: 0, maxMs: 0 } }
    const failing = Promise.all(Array.from({ length: 4 }, () => failureOf(options)))
    // The first asks the time again before it compiles.
    await expect.poll(() => asked >= 5 && bench.calls().compilations, { timeout: 20_000 }).toBe(1)
    writeFileSync(go, '')
    for (const error of await failing)
      expect(error).toMatchObject({ message: expect.stringContaining('boom') })
    expect(bench.calls().compilations).toBe(1)
    await failureOf(options)
    expect(bench.calls().compilations).toBe(2)
  })

  it('is not tried again before its backoff, which grows, and is then', async () => {
    const { clang, broken } = failingClang()
    let nowMs = Date.now()
    const options = { clang, now: () => nowMs, backoff: { minMs: 1_000, maxMs: 60_000 } }
    expect(await failureOf(options)).toMatchObject({ retryAfterMs: 1_000, isRemembered: false })
    nowMs += 999
    expect(await failureOf(options)).toMatchObject({
      message: expect.stringContaining('boom: a reason'),
      retryAfterMs: 1,
      isRemembered: true,
    })
    expect(bench.calls().compilations).toBe(1)
    nowMs += 1
    expect(await failureOf(options)).toMatchObject({ retryAfterMs: 2_000, isRemembered: false })
    expect(bench.calls().compilations).toBe(2)
    nowMs += 2_000
    bench.writeClang()
    expect(existsSync(broken)).toBe(true)
    expect((await ask(options)).compiled).toBe(true)
    expect((await ask(options)).compiled).toBe(false)
  })

  it('does not outlive a change of the sources', async () => {
    const sourceDir = join(bench.directory, 'c')
    cpSync(defaultSourceDir, sourceDir, { recursive: true })
    writeFileSync(join(sourceDir, 'host.c'), 'int broken(void) { return nothing; }\n')
    const options = { sourceDir, backoff: { minMs: 60_000, maxMs: 60_000 } }
    expect(await failureOf(options)).toMatchObject({
      message: expect.stringMatching(/host\.c:1:.*error:.*nothing/),
    })
    cpSync(join(defaultSourceDir, 'host.c'), join(sourceDir, 'host.c'))
    expect((await ask(options)).compiled).toBe(true)
  })

  it('leaves no object, whole or half', async () => {
    const clang = bench.writeClang('[ "$compiling" ] && { for last; do :; done; echo half > $last; exit 1; }')
    await failureOf({ clang })
    const files = readdirSync(bench.cacheDir, { recursive: true }).map(String)
    expect(files.filter((name) => name.includes('template'))).toEqual([])
  })

  it.each([
    ['writes nothing', ':'],
    ['writes an empty file', ': > $last'],
  ])('is also that of a compiler that ends well and %s', async (_name, script) => {
    const clang = bench.writeClang(`[ "$compiling" ] && { for last; do :; done; ${script}; exit 0; }`)
    expect(await failureOf({ clang })).toMatchObject({ code: 'BPF_COMPILE', cause: expect.anything() })
  })

  it('says by which signal the compiler was killed', async () => {
    const clang = bench.writeClang('[ "$compiling" ] && kill -KILL $$')
    expect(await failureOf({ clang })).toMatchObject({
      message: expect.stringContaining('killed by SIGKILL'),
    })
  })

  it.each(['', 'null', '{"message":1}', '{"message":"x","failedAtMs":"now","count":1}'])(
    'is forgotten when what is remembered of it is %j',
    async (text) => {
      const { clang } = failingClang()
      const options = { clang, backoff: { minMs: 60_000, maxMs: 60_000 } }
      await failureOf(options)
      const [entry = ''] = readdirSync(bench.cacheDir).filter((name) => /^[0-9a-f]{32}$/.test(name))
      writeFileSync(join(bench.cacheDir, entry, 'failure.json'), text)
      await failureOf(options)
      expect(bench.calls().compilations).toBe(2)
    },
  )
})

describe('failureFor', () => {
  const failure = { message: 'boom', failedAtMs: 10_000, count: 3 }
  const backoff = { minMs: 100, maxMs: 1_000 }
  it.each([
    { name: 'nothing failed', failure: undefined, askedAtMs: 0, nowMs: 10_000, retryAfterMs: undefined },
    { name: 'it failed while I waited', failure, askedAtMs: 9_999, nowMs: 20_000, retryAfterMs: 0 },
    { name: 'I came too early', failure, askedAtMs: 10_100, nowMs: 10_100, retryAfterMs: 300 },
    { name: 'its backoff is over', failure, askedAtMs: 10_400, nowMs: 10_400, retryAfterMs: undefined },
    { name: 'it is of the future', failure, askedAtMs: 9_000, nowMs: 9_001, retryAfterMs: undefined },
    {
      name: 'it failed very often',
      failure: { ...failure, count: 2 ** 40 },
      askedAtMs: 10_001,
      nowMs: 10_001,
      retryAfterMs: 999,
    },
  ])('$name', ({ failure, askedAtMs, nowMs, retryAfterMs }) => {
    expect(failureFor({ failure, askedAtMs }, { nowMs, backoff })?.retryAfterMs).toBe(retryAfterMs)
  })

  it.each([
    { name: 'the first', before: undefined, count: 1 },
    { name: 'one soon after another', before: { ...failure, failedAtMs: 9_000 }, count: 4 },
    { name: 'one long after another', before: { ...failure, failedAtMs: 7_000 }, count: 1 },
  ])('counts failures in a row: $name', ({ before, count }) => {
    const error = new CompileError('boom', {})
    expect(failureAfter(before, error, { nowMs: 10_000, backoff }).count).toBe(count)
  })
})
