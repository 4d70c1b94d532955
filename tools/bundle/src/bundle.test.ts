import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { startEtcd } from '@axoneme/kvstore/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundleApp } from './bundle.ts'
import { entryPoint } from './entry-point.ts'
import { BundleError } from './errors.ts'

const repository = join(import.meta.dirname, '../../..')

let directory: string
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), `axo-bundle-test-${process.pid}-`)))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Writes files of an app, with what `--help` is for the build. */
function writeApp(files: Record<string, string>): string {
  const appDir = join(directory, 'app')
  const { 'src/main.ts': main = '', ...rest } = files
  const all = {
    'package.json': '{"name": "test-app", "type": "module"}',
    'src/main.ts': `if (process.argv[2] === '--help') process.exit(0)\n${main}`,
    ...rest,
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(appDir, path)), { recursive: true })
    writeFileSync(join(appDir, path), text)
  }
  return appDir
}

/** Starts the bundle from a place where nothing but itself can be found. */
async function startElsewhere(dist: string, ...args: string[]): Promise<string> {
  const elsewhere = join(directory, 'elsewhere')
  cpSync(dist, elsewhere, { recursive: true })
  const main = join(elsewhere, 'main.js')
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], { timeout: 60_000 })
  return stdout
}

describe('bundleApp', () => {
  it('gives a directory that needs nothing else, with the assets of its packages', async () => {
    const appDir = writeApp({
      'package.json': '{"name": "test-app", "type": "module", "assets": ["texts"]}',
      'texts/deep/hello.txt': 'hello',
      'src/greeting.ts': 'export const greeting: string = "from a bundle"',
      'src/main.ts': `
        import { readFileSync } from 'node:fs'
        import { createServer } from 'node:http'
        import { greeting } from './greeting.ts'
        const text = readFileSync(import.meta.dirname + '/texts/deep/hello.txt', 'utf8')
        console.log(text, greeting, process.argv.slice(2), typeof createServer)`,
    })
    await bundleApp(appDir)
    expect(await startElsewhere(join(appDir, 'dist'), 'a', 'b')).toBe(
      "hello from a bundle [ 'a', 'b' ] function\n",
    )
  })

  it('refuses code that asks for its own place where nothing is put there', async () => {
    const appDir = writeApp({ 'src/main.ts': 'console.log(import.meta.dirname)' })
    await expect(bundleApp(appDir)).rejects.toThrow(
      expect.objectContaining({
        message: `${appDir}/src/main.ts uses import.meta.dirname, which in a bundle is the bundle's place`,
        hint: 'name the files that it reads as "assets" in the package.json of test-app',
      }),
    )
    expect(entryPoint(appDir)).toBe(join(appDir, 'src/main.ts'))
  })

  it('refuses what does not start, and what cannot be resolved', async () => {
    const failing = writeApp({ 'package.json': '{"name": "test-app"}', 'src/main.ts': '' })
    writeFileSync(join(failing, 'src/main.ts'), 'process.exit(3)')
    await expect(bundleApp(failing)).rejects.toThrow(`start ${failing}/dist/main.js --help`)
    writeFileSync(join(failing, 'src/main.ts'), "import 'no-such-package'")
    await expect(bundleApp(failing)).rejects.toThrow(BundleError)
    expect(entryPoint(failing)).toBe(join(failing, 'src/main.ts'))
  })
})

describe('entryPoint', () => {
  it.each([
    ['a source', 'src/part.ts', 'export const part = 2'],
    ['an asset', 'data/file.txt', 'two'],
  ])('takes the bundle until %s changes', async (_what, path, text) => {
    const appDir = writeApp({
      'package.json': '{"name": "test-app", "type": "module", "assets": ["data"]}',
      'data/file.txt': 'one',
      'src/part.ts': 'export const part = 1',
      'src/main.ts': "import { part } from './part.ts'\nconsole.log(part)",
    })
    const source = join(appDir, 'src/main.ts')
    expect(entryPoint(appDir)).toBe(source)
    await bundleApp(appDir)
    expect(entryPoint(appDir)).toBe(join(appDir, 'dist/main.js'))
    writeFileSync(join(appDir, path), text)
    expect(entryPoint(appDir)).toBe(source)
    await bundleApp(appDir)
    expect(entryPoint(appDir)).toBe(join(appDir, 'dist/main.js'))
    rmSync(join(appDir, path))
    expect(entryPoint(appDir)).toBe(source)
  })
})

describe('a bundle of ours', () => {
  const dist = () => join(directory, 'dist')

  it('of the agent has koffi and the C sources', async () => {
    await bundleApp(join(repository, 'apps/agent'), dist())
    expect(await startElsewhere(dist(), '--help')).toMatch(/^usage: axoneme-agent /)
    expect(readdirSync(join(dist(), 'c'))).toEqual(readdirSync(join(repository, 'packages/bpf-programs/c')))
  })

  it('compiles the datapath from its own copy of the C', async () => {
    const appDir = writeApp({
      'src/main.ts': `
        import { compileObject } from '${repository}/packages/bpf-programs/src/index.ts'
        const { path, compiled } = await compileObject({
          program: 'overlay',
          config: { routingMode: 'tunnel' },
          cacheDir: process.argv[2]!,
          signal: AbortSignal.timeout(60_000),
        })
        console.log(compiled, path.startsWith(process.argv[2]!))`,
    })
    await bundleApp(appDir)
    // The copy is the one that counts: broken, nothing compiles.
    expect(await startElsewhere(join(appDir, 'dist'), join(directory, 'cache'))).toBe('true true\n')
    writeFileSync(join(appDir, 'dist/c/overlay.c'), '#error "this is the copy"\n')
    rmSync(join(directory, 'elsewhere'), { recursive: true })
    await expect(startElsewhere(join(appDir, 'dist'), join(directory, 'cache'))).rejects.toThrow(
      'this is the copy',
    )
  })

  it('talks to etcd without its .proto files', async () => {
    await using etcd = await startEtcd()
    const appDir = writeApp({
      'src/main.ts': `
        import { openEtcdKvstore } from '${repository}/packages/kvstore/src/index.ts'
        import { createLogger } from '${repository}/packages/log/src/index.ts'
        const signal = AbortSignal.timeout(20_000)
        const log = createLogger({ sink() {}, level: 'error' })
        await using store = await openEtcdKvstore({ endpoints: [process.argv[2]!], log, signal })
        await store.put('bundle/test', 'ünïcode', { leased: true })
        console.log((await store.get('bundle/test'))?.value)`,
    })
    await bundleApp(appDir)
    expect(await startElsewhere(join(appDir, 'dist'), etcd.endpoints[0]!)).toBe('ünïcode\n')
  })

  it('loads the Kubernetes client library when a kubeconfig needs it', async () => {
    const credential = JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-the-plugin' },
    })
    const kubeconfig = {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [
        {
          name: 'u',
          user: {
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1',
              command: 'echo',
              args: [credential],
              interactiveMode: 'Never',
            },
          },
        },
      ],
    }
    const appDir = writeApp({
      kubeconfig: JSON.stringify(kubeconfig),
      'src/main.ts': `
        import { readFileSync } from 'node:fs'
        import { LibraryAuth } from '${repository}/packages/k8s-client/src/library-auth.ts'
        const path = process.argv[2]!
        console.log((await new LibraryAuth().load(path, readFileSync(path, 'utf8'))).headers.authorization)`,
    })
    await bundleApp(appDir)
    expect(await startElsewhere(join(appDir, 'dist'), join(appDir, 'kubeconfig'))).toBe(
      'Bearer from-the-plugin\n',
    )
  })
})
