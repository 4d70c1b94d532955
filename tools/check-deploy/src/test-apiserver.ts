import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Scope } from '@axoneme/lifecycle'
import { inRepository } from './repository.ts'
import { startProgram } from './test-process.ts'

const run = promisify(execFile)

export type TestApiserver = AsyncDisposable &
  Readonly<{
    url: string
    kubeconfig: string
    /** For files that go with the server. */
    directory: string
    /** The output of kubectl; rejects with its error text. */
    kubectl(...args: readonly string[]): Promise<string>
  }>

/** The sandbox's API server without controllers, in a process of its own on a free port of loopback. */
export async function startTestApiserver(): Promise<TestApiserver> {
  const scope = new Scope('test apiserver')
  const directory = mkdtempSync(join(tmpdir(), `axo-deploy-${process.pid}-`))
  scope.defer(() => rmSync(directory, { recursive: true }))
  try {
    const kubeconfig = join(directory, 'kubeconfig')
    const main = inRepository('tools/sandbox/src/apiserver/main.ts')
    const server = scope.use(startProgram(main, ['--no-controllers', '--kubeconfig-out', kubeconfig]))
    const firstLine = once(createInterface({ input: server.stdout }), 'line')
    const [url] = (await Promise.race([firstLine, server.ended])) as unknown[]
    if (typeof url !== 'string') throw new Error(`the API server ended with ${url}`)
    const common = ['--kubeconfig', kubeconfig, '--cache-dir', join(directory, 'cache')]
    return {
      url,
      kubeconfig,
      directory,
      kubectl: async (...args) => (await run('kubectl', [...common, ...args], { timeout: 20_000 })).stdout,
      [Symbol.asyncDispose]: () => scope.close(),
    }
  } catch (error) {
    await scope.close()
    throw error
  }
}
