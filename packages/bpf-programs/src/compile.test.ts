import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseObject } from '@axoneme/bpf-templater'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CompileEvent, type CompileOptions, compileObject } from './compile.ts'
import { datapathConstants } from './config.ts'
import { defaultSourceDir } from './sources.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), `axo-compile-${process.pid}-`))
})
afterEach(() => rmSync(directory, { recursive: true }))

function options(more: Partial<CompileOptions> = {}): CompileOptions {
  return {
    program: 'host',
    config: { routingMode: 'native' },
    cacheDir: join(directory, 'cache'),
    signal: AbortSignal.timeout(60_000),
    ...more,
  }
}

/** A compiler that logs its calls before it runs clang. */
function countingClang({ failFirst = false } = {}) {
  const path = join(directory, 'clang.sh')
  const log = join(directory, 'calls')
  const fail = `[ "$1" != --version ] && [ ! -e ${log}.failed ] && touch ${log}.failed && echo "boom: a reason" >&2 && exit 1`
  writeFileSync(path, `#!/bin/sh\necho "$@" >> ${log}\n${failFirst ? fail : ''}\nexec clang "$@"\n`, {
    mode: 0o755,
  })
  const compilations = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(' -c '))
  return { path, compilations }
}

describe('compileObject', () => {
  it('compiles once and then finds the object', async () => {
    const events: CompileEvent[] = []
    const observe = (event: CompileEvent) => events.push(event)
    const first = await compileObject(options({ observe }))
    expect(first.compiled).toBe(true)
    const second = await compileObject(options({ observe }))
    expect(second).toEqual({ ...first, compiled: false })
    expect(events.map((event) => [event.program, event.outcome, event.hash])).toEqual([
      ['host', 'compiled', first.hash],
      ['host', 'cached', first.hash],
    ])
  })

  it('gives every program and configuration its own object', async () => {
    const all = await Promise.all([
      compileObject(options({ program: 'lxc' })),
      compileObject(options({ program: 'lxc', config: { routingMode: 'tunnel' } })),
      compileObject(options({ program: 'lxc', config: { routingMode: 'native', traceEveryPacket: true } })),
      compileObject(options({ program: 'overlay' })),
    ])
    expect(new Set(all.map(({ hash }) => hash)).size).toBe(4)
    const [native, tunnel] = all.map(({ path }) =>
      parseObject(readFileSync(path)).constants.map(({ name }) => name),
    )
    expect(tunnel).toEqual([...datapathConstants].sort())
    expect(native).toEqual(datapathConstants.filter((name) => name !== 'TUNNEL_IFINDEX').sort())
  })

  it('compiles one object for callers that ask at the same time', async () => {
    const clang = countingClang()
    const results = await Promise.all(
      Array.from({ length: 8 }, () => compileObject(options({ clang: clang.path }))),
    )
    expect(clang.compilations()).toHaveLength(1)
    expect(results.filter(({ compiled }) => compiled)).toHaveLength(1)
  })

  it('compiles one object for processes that ask at the same time', async () => {
    const clang = countingClang()
    const script = `
      import { compileObject } from ${JSON.stringify(join(import.meta.dirname, 'compile.ts'))}
      await compileObject(${JSON.stringify({ ...options({ clang: clang.path }), signal: undefined }).slice(0, -1)},
        signal: AbortSignal.timeout(60000) })`
    const runs = Array.from({ length: 3 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' })
      return new Promise((resolve) => child.on('exit', resolve))
    })
    expect(await Promise.all(runs)).toEqual([0, 0, 0])
    expect(clang.compilations()).toHaveLength(1)
  })

  it.each([
    { name: 'a changed object', damage: (path: string) => writeFileSync(path, 'not an object') },
    { name: 'an empty object', damage: (path: string) => writeFileSync(path, '') },
    { name: 'a missing checksum', damage: (path: string) => rmSync(`${path}.sha256`) },
  ])('compiles again where the cache has $name', async ({ damage }) => {
    const { path } = await compileObject(options())
    const whole = readFileSync(path)
    damage(path)
    expect((await compileObject(options())).compiled).toBe(true)
    expect(readFileSync(path)).toEqual(whole)
  })

  it('compiles again when the C changed', async () => {
    const sourceDir = join(directory, 'c')
    cpSync(defaultSourceDir, sourceDir, { recursive: true })
    const before = await compileObject(options({ sourceDir }))
    expect(before.hash).toBe((await compileObject(options())).hash)
    writeFileSync(join(sourceDir, 'lib/identity.h'), '/* changed */\n', { flag: 'a' })
    const after = await compileObject(options({ sourceDir }))
    expect(after).toMatchObject({ compiled: true })
    expect(after.hash).not.toBe(before.hash)
  })

  it("fails with clang's own words, and tries again when asked again", async () => {
    const clang = countingClang({ failFirst: true })
    const events: CompileEvent[] = []
    const failing = compileObject(options({ clang: clang.path, observe: (event) => events.push(event) }))
    await expect(failing).rejects.toMatchObject({
      code: 'BPF_COMPILE',
      retryable: true,
      message: expect.stringContaining('boom: a reason'),
    })
    expect(events.map(({ outcome }) => outcome)).toEqual(['failed'])
    expect((await compileObject(options({ clang: clang.path }))).compiled).toBe(true)
  })

  it('names the line of an error in the C and leaves nothing behind', async () => {
    const sourceDir = join(directory, 'c')
    cpSync(defaultSourceDir, sourceDir, { recursive: true })
    writeFileSync(join(sourceDir, 'host.c'), 'int broken(void) { return nothing; }\n')
    const error = await compileObject(options({ sourceDir })).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ message: expect.stringMatching(/host\.c:1:.*error:.*nothing/) })
    const files = execFileSync('find', [join(directory, 'cache'), '-name', '*.o*']).toString()
    expect(files).toBe('')
  })

  it('says what is missing when there is no compiler', async () => {
    await expect(compileObject(options({ clang: '/nonexistent/clang' }))).rejects.toMatchObject({
      code: 'BPF_COMPILE',
      hint: expect.stringContaining('install clang'),
    })
  })

  it('stops when its signal does, also while it waits for another', async () => {
    const slow = join(directory, 'slow.sh')
    writeFileSync(slow, '#!/bin/sh\n[ "$1" = --version ] && exec clang "$@"\nexec sleep 60\n', {
      mode: 0o755,
    })
    const controller = new AbortController()
    const compiling = [1, 2].map(() => compileObject(options({ clang: slow, signal: controller.signal })))
    const settled = Promise.allSettled(compiling)
    await expect.poll(() => existsSync(join(directory, 'cache'))).toBe(true)
    controller.abort()
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  it('gives equal objects wherever the sources lie', async () => {
    const sourceDir = join(directory, 'elsewhere', 'c')
    cpSync(defaultSourceDir, sourceDir, { recursive: true })
    const here = await compileObject(options())
    const there = await compileObject(options({ sourceDir, cacheDir: join(directory, 'other') }))
    expect(dirname(there.path)).not.toBe(dirname(here.path))
    expect(readFileSync(there.path)).toEqual(readFileSync(here.path))
  })
})
