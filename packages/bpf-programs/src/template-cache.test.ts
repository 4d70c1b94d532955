import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { parseObject } from '@axoneme/bpf-templater'
import { describeError } from '@axoneme/lifecycle'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { datapathConstants } from './config.ts'
import { defaultSourceDir } from './sources.ts'
import { CacheBench } from './template-cache.testing.ts'
import type { CompiledObject, CompileEvent } from './template-cache.ts'

const isRoot = process.getuid?.() === 0

let bench: CacheBench
beforeEach(() => {
  bench = new CacheBench()
})
afterEach(() => bench[Symbol.dispose]())

/** As an agent that starts and stops. */
async function ask(options: Parameters<CacheBench['open']>[0] = {}): Promise<CompiledObject> {
  await using cache = await bench.open(options)
  return await cache.object(bench.wanted)
}

function copySources(): string {
  const sourceDir = join(bench.directory, 'elsewhere', 'c')
  cpSync(defaultSourceDir, sourceDir, { recursive: true })
  return sourceDir
}

describe('a template', () => {
  it('is compiled once and then found, with all that is known of it', async () => {
    const events: CompileEvent[] = []
    const observe = (event: CompileEvent) => events.push(event)
    const first = await ask({ observe })
    expect(first.compiled).toBe(true)
    expect(first.metadata).toMatchObject({
      program: 'host',
      config: { routingMode: 'native' },
      bytes: first.bytes.length,
      compiler: expect.stringContaining('clang version'),
    })
    expect(first.metadata.compileMs).toBeGreaterThan(0)
    expect(readFileSync(first.path)).toEqual(first.bytes)
    expect(await ask({ observe })).toEqual({ ...first, compiled: false })
    expect(events).toMatchObject([
      { program: 'host', outcome: 'compiled', hash: first.hash },
      { program: 'host', outcome: 'cached', hash: first.hash },
    ])
    expect(events.map(({ problem }) => problem)).toEqual([undefined, undefined])
  })

  it('is another one for every program and configuration', async () => {
    await using cache = await bench.open()
    const lxc = { ...bench.wanted, program: 'lxc' } as const
    const [native, tunnel, ...others] = await Promise.all([
      cache.object(lxc),
      cache.object({ ...lxc, config: { routingMode: 'tunnel' } }),
      cache.object({ ...lxc, config: { routingMode: 'native', traceEveryPacket: true } }),
      cache.object({ ...bench.wanted, program: 'overlay' }),
    ])
    expect(new Set([native, tunnel, ...others].map(({ hash }) => hash)).size).toBe(4)
    expect(parseObject(tunnel.bytes).constants.map(nameOf)).toEqual([...datapathConstants].sort())
    expect(parseObject(native.bytes).constants.map(nameOf)).toEqual(
      datapathConstants.filter((name) => name !== 'TUNNEL_IFINDEX').sort(),
    )
    const listed = await cache.entries()
    expect(listed.map(({ hash }) => hash).sort()).toEqual(
      [native, tunnel, ...others].map(({ hash }) => hash).sort(),
    )
  })

  it('is compiled again when the C changed', async () => {
    const sourceDir = copySources()
    const before = await ask({ sourceDir })
    expect(before.hash).toBe((await ask()).hash)
    writeFileSync(join(sourceDir, 'lib/identity.h'), '/* changed */\n', { flag: 'a' })
    const after = await ask({ sourceDir })
    expect(after).toMatchObject({ compiled: true })
    expect(after.hash).not.toBe(before.hash)
  })

  it('is compiled again by another version of the compiler', async () => {
    const before = await ask()
    const clang = bench.writeClang('[ "$compiling" ] || { echo "clang version 99"; exit; }')
    const after = await ask({ clang })
    expect(after).toMatchObject({ compiled: true, metadata: { compiler: 'clang version 99\n' } })
    expect(after.hash).not.toBe(before.hash)
  })

  it('has equal bytes wherever the sources lie', async () => {
    const here = await ask()
    const there = await ask({ sourceDir: copySources(), cacheDir: join(bench.directory, 'other') })
    expect(dirname(there.path)).not.toBe(dirname(here.path))
    expect(there.bytes.equals(here.bytes)).toBe(true)
  })
})

function nameOf(constant: string | { name: string }): string {
  return typeof constant === 'string' ? constant : constant.name
}

describe('many who ask at the same time', () => {
  it('share one compilation in a process', async () => {
    const clang = bench.writeClang()
    await using cache = await bench.open({ clang })
    const results = await Promise.all(Array.from({ length: 8 }, () => cache.object(bench.wanted)))
    expect(bench.calls().compilations).toBe(1)
    expect(results.filter(({ compiled }) => compiled)).toHaveLength(1)
  })

  it('share one compilation among processes', async () => {
    const clang = bench.writeClang()
    const outcomes = await Promise.all(Array.from({ length: 3 }, () => bench.askInProcess({ clang })))
    expect(outcomes.filter(({ compiled }) => compiled === true)).toHaveLength(1)
    expect(outcomes.filter(({ compiled }) => compiled === false)).toHaveLength(2)
    expect(bench.calls().compilations).toBe(1)
  })

  it('can leave one by one; the compiler is stopped by the last', async () => {
    const started = join(bench.directory, 'started')
    const clang = bench.writeClang(`[ "$compiling" ] && { echo $$ > ${started}; exec sleep 60; }`)
    await using cache = await bench.open({ clang })
    const ask = () => {
      const controller = new AbortController()
      const outcome = cache
        .object({ ...bench.wanted, signal: controller.signal })
        .catch((error: Error) => error.name)
      return { outcome, leave: () => controller.abort() }
    }
    const first = ask()
    await expect.poll(() => readPid(started), { timeout: 20_000 }).toBeGreaterThan(0)
    const second = ask()
    second.leave()
    expect(await second.outcome).toBe('AbortError')
    expect(isRunning(readPid(started))).toBe(true)
    first.leave()
    expect(await first.outcome).toBe('AbortError')
    await expect.poll(() => isRunning(readPid(started))).toBe(false)
  })
})

function readPid(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return 0
  }
}

function isRunning(pid: number): boolean {
  try {
    // A zombie has been stopped: it only waits to be reaped.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

it('survives whoever compiles it: he may be killed at any moment', async () => {
  const killed = join(bench.directory, 'killed')
  const clang = bench.writeClang(
    `[ "$compiling" ] && [ ! -e ${killed} ] && { : > ${killed}; kill -KILL $PPID; }`,
  )
  await expect(bench.askInProcess({ clang })).rejects.toThrow()
  expect((await ask({ clang })).compiled).toBe(true)
  // The orphan may still be writing: under another name, which the next one to compile removes.
  expect((await ask({ clang })).compiled).toBe(false)
  expect((await ask()).compiled).toBe(false)
})

describe.runIf(isRoot)('on a file system', () => {
  const mounted = () => join(bench.directory, 'mounted')
  const mount = (...args: string[]) => execFileSync('mount', [...args, mounted()])
  beforeEach(() => mkdirSync(mounted()))
  afterEach(() => execFileSync('umount', [mounted()]))

  it('that is only readable, what was compiled before serves', async () => {
    mount('-t', 'tmpfs', '-o', 'mode=700', 'tmpfs')
    const cacheDir = mounted()
    const made = await ask({ cacheDir })
    mount('-o', 'remount,ro')
    const clang = bench.writeClang()
    expect(await ask({ cacheDir })).toEqual({ ...made, compiled: false })
    expect(await ask({ cacheDir, clang })).toEqual({ ...made, compiled: false })
    expect(await ask({ cacheDir, searchPath: '' })).toEqual({ ...made, compiled: false })
    await using cache = await bench.open({ cacheDir })
    await expect(cache.object({ ...bench.wanted, program: 'overlay' })).rejects.toMatchObject({
      code: 'TEMPLATE_CACHE',
      retryable: true,
      cause: { code: 'EROFS' },
    })
  })

  it('that is full, a compilation fails, says so, and can be tried again', async () => {
    mount('-t', 'tmpfs', '-o', 'mode=700,size=24k', 'tmpfs')
    const options = { cacheDir: mounted(), backoff: { minMs: 0, maxMs: 0 } }
    const error = await ask(options).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ retryable: true })
    expect(describeError(error)).toMatch(/No space left|ENOSPC/)
    mount('-o', 'remount,size=1m')
    expect((await ask(options)).compiled).toBe(true)
  })
})

describe('a restart', () => {
  it('runs no process when nothing has changed', async () => {
    const clang = bench.writeClang()
    const first = await ask({ clang })
    const { all } = bench.calls()
    expect(all).toBe(2)
    expect(await ask({ clang })).toEqual({ ...first, compiled: false })
    expect(bench.calls().all).toBe(all)
  })

  it('asks a compiler that was replaced what it is, and no more if it is the same', async () => {
    const clang = bench.writeClang()
    const first = await ask({ clang })
    utimesSync(clang, 1, 1)
    expect(await ask({ clang })).toEqual({ ...first, compiled: false })
    expect(bench.calls()).toEqual({ all: 3, compilations: 1 })
  })

  it.each([
    ['is gone', () => ({ searchPath: '' }), 'find the compiler clang'],
    ['does not run', () => ({ clang: bench.writeClang('exit 127') }), '--version'],
  ])('does with what is there when the compiler %s', async (_name, broken, message) => {
    const first = await ask()
    const events: CompileEvent[] = []
    const again = await ask({ ...broken(), observe: (event) => events.push(event) })
    expect(again).toEqual({ ...first, compiled: false })
    expect(events).toMatchObject([
      { outcome: 'cached', hash: first.hash, problem: expect.stringContaining(message) },
    ])
  })

  it('takes what was used last, of several compilers, when there is none', async () => {
    const old = await ask()
    const clang = bench.writeClang('[ "$compiling" ] || { echo "clang version 99"; exit; }')
    await ask({ clang })
    await using cache = await bench.open({ now: () => Date.now() + 60_000 })
    await cache.object(bench.wanted)
    expect((await ask({ searchPath: '' })).hash).toBe(old.hash)
  })

  it('without a compiler needs one for what changed, and says so', async () => {
    await ask()
    const sourceDir = copySources()
    writeFileSync(join(sourceDir, 'host.c'), '/* changed */\n', { flag: 'a' })
    const failing = ask({ sourceDir, searchPath: '' })
    await expect(failing).rejects.toMatchObject({
      code: 'BPF_COMPILE',
      message: 'find the compiler clang',
      hint: expect.stringContaining('install clang'),
    })
  })

  it.each(['', '[]', '{"path"', JSON.stringify([{ path: 1 }])])(
    'asks the compiler again when what is remembered of it is %j',
    async (text) => {
      const clang = bench.writeClang()
      await ask({ clang })
      writeFileSync(join(bench.cacheDir, 'compilers.json'), text)
      expect((await ask({ clang })).compiled).toBe(false)
      expect(bench.calls()).toEqual({ all: 3, compilations: 1 })
    },
  )
})

describe('what is damaged', () => {
  let seed: CacheBench
  beforeAll(async () => {
    seed = new CacheBench()
    await using cache = await seed.open()
    await cache.object(seed.wanted)
  })
  afterAll(() => seed[Symbol.dispose]())
  beforeEach(() => cpSync(seed.cacheDir, bench.cacheDir, { recursive: true, preserveTimestamps: true }))

  const object = ({ path }: CompiledObject) => path
  const description = ({ path }: CompiledObject) => join(dirname(path), 'template.json')
  const elsewhere = () => join(bench.directory, 'moved')
  const replaceByLink = (path: string) => {
    renameSync(path, elsewhere())
    symlinkSync(elsewhere(), path)
  }
  const replaceByDirectory = (path: string) => {
    rmSync(path, { recursive: true })
    mkdirSync(join(path, 'inside'), { recursive: true })
  }
  const rewrite = (change: (metadata: Record<string, unknown>) => unknown) => (path: string) =>
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))))
  const cases: [string, (made: CompiledObject) => string, (path: string) => void][] = [
    ['an object with other bytes', object, (path) => writeFileSync(path, 'not an object')],
    ['an empty object', object, (path) => truncateSync(path, 0)],
    ['half an object', object, (path) => truncateSync(path, statSync(path).size / 2)],
    ['a longer object', object, (path) => writeFileSync(path, 'more', { flag: 'a' })],
    ['no object', object, (path) => rmSync(path)],
    ['an object that is a directory', object, replaceByDirectory],
    ['an object that is a link', object, replaceByLink],
    ['an object that others may write', object, (path) => chmodSync(path, 0o666)],
    ['no description', description, (path) => rmSync(path)],
    ['half a description', description, (path) => truncateSync(path, 20)],
    ['a huge description', description, (path) => truncateSync(path, 1 << 30)],
    ['a description that is a directory', description, replaceByDirectory],
    ['a description that is a link', description, replaceByLink],
    ['another checksum', description, rewrite((metadata) => ({ ...metadata, sha256: '0'.repeat(64) }))],
    ['a huge size', description, rewrite((metadata) => ({ ...metadata, bytes: 2 ** 40 }))],
    ['a description without a time', description, rewrite(({ createdAt: _, ...rest }) => rest)],
    [
      'an entry that is a file',
      (made) => dirname(made.path),
      (path) => {
        rmSync(path, { recursive: true })
        writeFileSync(path, '')
      },
    ],
    ['an entry that is a link', (made) => dirname(made.path), replaceByLink],
    ['an entry that others may write', (made) => dirname(made.path), (path) => chmodSync(path, 0o777)],
    ['a lock that is a directory', (made) => join(dirname(made.path), 'in-use'), replaceByDirectory],
  ]
  it.each(cases)('is made whole again: %s', async (name, pathOf, damage) => {
    const made = await ask()
    damage(pathOf(made))
    const again = await ask()
    expect(again.compiled).toBe(!name.startsWith('a lock'))
    expect(again.bytes.equals(made.bytes)).toBe(true)
    expect((await ask()).compiled).toBe(false)
  })

  it.runIf(isRoot)('is made whole again: a description of somebody else', async () => {
    const made = await ask()
    chownSync(description(made), 12_345, 12_345)
    const events: CompileEvent[] = []
    expect((await ask({ observe: (event) => events.push(event) })).compiled).toBe(true)
    expect(events).toMatchObject([{ problem: expect.stringContaining('belongs to user 12345') }])
  })

  it('is made whole again: the object of another program', async () => {
    await using cache = await bench.open()
    const overlay = await cache.object({ ...bench.wanted, program: 'overlay' })
    const host = await cache.object(bench.wanted)
    for (const pathOf of [object, description]) cpSync(pathOf(overlay), pathOf(host))
    const events: CompileEvent[] = []
    const again = await ask({ observe: (event) => events.push(event) })
    expect(again.compiled).toBe(true)
    expect(again.bytes.equals(host.bytes)).toBe(true)
    expect(events).toMatchObject([{ problem: expect.stringContaining('object of another recipe') }])
  })

  it('is never used in place of the compiler', async () => {
    const made = await ask()
    truncateSync(object(made), 100)
    await expect(ask({ searchPath: '' })).rejects.toThrow('find the compiler')
  })

  it('is told of, if it is the directory of all', async () => {
    chmodSync(bench.cacheDir, 0o777)
    await expect(bench.open()).rejects.toMatchObject({
      code: 'TEMPLATE_CACHE',
      message: expect.stringContaining('can be written by others (mode 777)'),
    })
    rmSync(bench.cacheDir, { recursive: true })
    writeFileSync(bench.cacheDir, '')
    await expect(bench.open()).rejects.toMatchObject({ code: 'TEMPLATE_CACHE' })
  })
})
