import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type AgentClient, createAgentClient } from '@axoneme/agent-api'
import { unmountBpffs } from '@axoneme/bpf'
import { testTemplateDir } from '@axoneme/bpf-programs/testing'

const run = promisify(execFile)
const inRepository = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))
const [apiserverPort, etcdPort] = [6443, 2379]

export const isRoot = process.getuid?.() === 0

/** What a test starts and kills, each by its name: `agent`, `operator`, `etcd`, `apiserver`. */
export type NodeProgram = 'agent' | 'operator' | 'etcd' | 'apiserver'

/**
 * A node and the cluster that it is alone in, all in a network namespace of its own: programs find each other on its
 * loopback, each at the same port in every life.
 */
export class TestNode implements AsyncDisposable {
  readonly name = 'node-1'
  readonly client: AgentClient
  readonly #directory: string
  readonly #netns: string
  readonly #children = new Map<NodeProgram, ChildProcess>()

  private constructor({ directory, netns }: { directory: string; netns: string }) {
    this.#directory = directory
    this.#netns = netns
    this.client = createAgentClient({ socketPath: join(directory, 'state', 'agent.sock') })
  }

  static create(): TestNode {
    const netns = `axo-agent-${process.pid}`
    const directory = mkdtempSync(join(tmpdir(), `${netns}-`))
    const node = new TestNode({ directory, netns })
    try {
      node.#prepare()
      return node
    } catch (error) {
      node.#remove()
      throw error
    }
  }

  #prepare(): void {
    const ip = (...args: string[]) => execFileSync('ip', args)
    const inside = (...args: string[]) => ip('-n', this.#netns, ...args)
    ip('netns', 'add', this.#netns)
    inside('link', 'set', 'lo', 'up')
    inside('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0-peer')
    inside('address', 'add', '192.0.2.7/24', 'dev', 'eth0')
    inside('link', 'set', 'eth0', 'up')
    inside('link', 'set', 'eth0-peer', 'up')
    const server = { cluster: { server: `http://127.0.0.1:${apiserverPort}` }, name: 'test' }
    const context = { context: { cluster: 'test', user: 'test' }, name: 'test' }
    writeFileSync(
      this.#kubeconfig,
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
        ...{ clusters: [server], contexts: [context], users: [{ name: 'test', user: {} }] },
      }),
    )
  }

  start(program: NodeProgram): void {
    const [command = '', ...args] = this.#commandOf(program)
    const child = spawn('nsenter', [`--net=/run/netns/${this.#netns}`, '--', command, ...args], {
      env: { PATH: process.env.PATH },
      stdio: process.env.AXO_D ? ['ignore', 'inherit', 'inherit'] : 'ignore',
    })
    this.#children.set(program, child)
  }

  /** SIGKILL. */
  async kill(program: NodeProgram): Promise<void> {
    const child = this.#children.get(program)
    if (child === undefined || !this.isRunning(program)) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  isRunning(program: NodeProgram): boolean {
    const child = this.#children.get(program)
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** The output of kubectl; rejects with its error text. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const cache = ['--kubeconfig', this.#kubeconfig, '--cache-dir', join(this.#directory, 'cache')]
    const command = [`--net=/run/netns/${this.#netns}`, '--', 'kubectl', ...cache, ...args]
    return (await run('nsenter', command, { timeout: 20_000 })).stdout
  }

  /** A file that `kubectl -f` reads. */
  manifest(object: object): string {
    const path = join(this.#directory, 'manifest.json')
    writeFileSync(path, JSON.stringify(object))
    return path
  }

  lastRun(): unknown {
    return JSON.parse(readFileSync(join(this.#directory, 'state', 'last-run.json'), 'utf8'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#children.keys()) await this.kill(program)
    this.#remove()
  }

  #remove(): void {
    execFileSync('ip', ['netns', 'delete', this.#netns])
    if (existsSync(this.#bpfRoot)) unmountBpffs(this.#bpfRoot)
    rmSync(this.#directory, { recursive: true })
  }

  /** The agent mounts a BPF file system there. */
  get #bpfRoot(): string {
    return join(this.#directory, 'bpf')
  }

  get #kubeconfig(): string {
    return join(this.#directory, 'kubeconfig')
  }

  #commandOf(program: NodeProgram): readonly string[] {
    const node = process.execPath
    const etcd = `http://127.0.0.1:${etcdPort}`
    const cluster = ['--kubeconfig', this.#kubeconfig, '--kvstore-endpoints', etcd]
    switch (program) {
      case 'agent':
        return [
          ...[node, inRepository('apps/agent/src/main.ts'), '--node-name', this.name, ...cluster],
          ...['--state-dir', join(this.#directory, 'state'), '--bpf-root', this.#bpfRoot],
          ...['--template-dir', testTemplateDir],
        ]
      case 'operator':
        return [node, inRepository('apps/operator/src/main.ts'), ...cluster]
      case 'etcd':
        return [
          ...['etcd', '--data-dir', join(this.#directory, 'etcd'), '--logger', 'zap'],
          ...['--listen-client-urls', etcd, '--advertise-client-urls', etcd],
        ]
      case 'apiserver':
        return [
          ...[node, inRepository('tools/sandbox/src/apiserver/main.ts'), '--no-controllers'],
          ...['--port', String(apiserverPort)],
        ]
    }
  }
}
