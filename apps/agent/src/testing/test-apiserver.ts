import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type K8sCallEvent, type K8sClient, openK8sClient } from '@axoneme/k8s-client'
import { registerCustomResourceDefinitions } from '@axoneme/k8s-writers'

const run = promisify(execFile)

export type TestApiserver = AsyncDisposable &
  Readonly<{
    client: K8sClient
    /** Calls of `client` since the last look, as `METHOD resource code`. */
    takeCalls(): string[]
    /** The output of kubectl; rejects with its error text. */
    kubectl(...args: readonly string[]): Promise<string>
  }>

/** The sandbox's API server in a process of its own on a free port of loopback, with our custom resources. */
export async function startTestApiserver(signal: AbortSignal): Promise<TestApiserver> {
  await using stack = new AsyncDisposableStack()
  const directory = mkdtempSync(join(tmpdir(), `axo-agent-${process.pid}-`))
  stack.defer(() => rmSync(directory, { recursive: true }))
  const kubeconfig = join(directory, 'kubeconfig')
  const main = fileURLToPath(new URL('../../../../tools/sandbox/src/apiserver/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, '--no-controllers', '--kubeconfig-out', kubeconfig], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  stack.defer(() => ended(child))
  await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('the API server ended'))),
  ])
  const calls: string[] = []
  const observe = ({ method, resource, code }: K8sCallEvent) => calls.push(`${method} ${resource} ${code}`)
  const options = { kubeconfigPath: kubeconfig, userAgent: 'test' }
  const client = stack.use(await openK8sClient({ ...options, observe }))
  await registerCustomResourceDefinitions({ client, signal })
  const owned = stack.move()
  const common = ['--kubeconfig', kubeconfig, '--cache-dir', join(directory, 'cache')]
  calls.length = 0
  return {
    client,
    takeCalls: () => calls.splice(0),
    kubectl: async (...args) => (await run('kubectl', [...common, ...args], { timeout: 20_000 })).stdout,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
