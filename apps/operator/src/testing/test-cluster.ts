import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type K8sClient, openK8sClient } from '@axoneme/k8s-client'
import { type Kvstore, openEtcdKvstore } from '@axoneme/kvstore'
import { freePort, startEtcd, type TestEtcd } from '@axoneme/kvstore/testing'
import { sleep } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'

type OperatorHealth = Readonly<{
  leading: boolean
  leader: string
  waitingFor: readonly string[]
  kvstoreEndpoints: readonly Readonly<{ endpoint: string; state: string; role: string; detail: string }>[]
}>

/** An operator in a process of its own. */
export type TestOperator = Readonly<{
  process: ChildProcess
  metricsAddress: string
  /** Undefined while it does not answer. */
  health(): Promise<OperatorHealth | undefined>
}>

/** An API server, an etcd and operators, each a process; all end with this. */
export class TestCluster implements AsyncDisposable {
  readonly client: K8sClient
  readonly store: Kvstore
  readonly etcd: TestEtcd
  readonly #stack: AsyncDisposableStack
  readonly #kubeconfig: string

  private constructor(parts: {
    client: K8sClient
    store: Kvstore
    etcd: TestEtcd
    kubeconfig: string
    stack: AsyncDisposableStack
  }) {
    this.client = parts.client
    this.store = parts.store
    this.etcd = parts.etcd
    this.#kubeconfig = parts.kubeconfig
    this.#stack = parts.stack
  }

  static async start(): Promise<TestCluster> {
    await using stack = new AsyncDisposableStack()
    const directory = mkdtempSync(join(tmpdir(), `axo-operator-${process.pid}-`))
    stack.defer(() => rmSync(directory, { recursive: true }))
    const kubeconfig = join(directory, 'kubeconfig')
    const apiserver = startProgram('tools/sandbox/src/apiserver/main.ts', [
      ...['--no-controllers', '--kubeconfig-out', kubeconfig],
    ])
    stack.defer(() => endProgram(apiserver))
    if (apiserver.stdout === null) throw new Error('the API server has no output')
    await Promise.race([
      once(createInterface({ input: apiserver.stdout }), 'line'),
      once(apiserver, 'exit').then(() => Promise.reject(new Error('the API server ended'))),
    ])
    const client = stack.use(await openK8sClient({ kubeconfigPath: kubeconfig, userAgent: 'test' }))
    const etcd = stack.use(await startEtcd())
    const store = stack.use(await openStore(etcd))
    return new TestCluster({ client, store, etcd, kubeconfig, stack: stack.move() })
  }

  /** Another client, with a lease of its own, which is not given back when it is closed. */
  openStore(options: { leaseTtlS: number }): Promise<Kvstore> {
    return openStore(this.etcd, options)
  }

  async startOperator(options: readonly string[] = []): Promise<TestOperator> {
    const metricsAddress = `127.0.0.1:${await freePort()}`
    const child = startProgram('apps/operator/src/main.ts', [
      ...['--kubeconfig', this.#kubeconfig, '--kvstore-endpoints', this.etcd.endpoints.join(',')],
      ...['--metrics-address', metricsAddress, '--cluster-pool-ipv4-cidr', '10.244.0.0/16'],
      ...options,
    ])
    this.#stack.defer(() => endProgram(child))
    return {
      process: child,
      metricsAddress,
      async health() {
        try {
          const signal = AbortSignal.timeout(500)
          const response = await fetch(`http://${metricsAddress}/readyz`, { signal })
          return (await response.json()) as OperatorHealth
        } catch {
          // Not up yet, stopped, or gone: what the caller asks for.
          return undefined
        }
      },
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

async function openStore(etcd: TestEtcd, options: { leaseTtlS?: number } = {}): Promise<Kvstore> {
  const log = createLogger({ sink: () => {}, level: 'error' })
  const signal = AbortSignal.timeout(60_000)
  return await openEtcdKvstore({ endpoints: etcd.endpoints, log, signal, ...options })
}

/** Waits until `find` gives something; the time limit is the test's. */
export async function eventually<T>(find: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    await sleep(20)
  }
}

export async function leaderAmong(operators: readonly TestOperator[]): Promise<TestOperator | undefined> {
  const healths = await Promise.all(operators.map((operator) => operator.health()))
  const leaders = operators.filter((_, i) => healths[i]?.leading === true)
  if (leaders.length > 1) throw new Error('two operators lead')
  return leaders[0]
}

function startProgram(main: string, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(`../../../../${main}`, import.meta.url))
  return spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
