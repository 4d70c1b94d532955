import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@axoneme/lifecycle'
import { freePort } from './free-port.ts'

/** A real etcd of one's own on loopback. Closing stops it and removes its data. */
export type TestEtcd = AsyncDisposable & {
  readonly endpoints: string[]
  readonly dataDir: string
  /** SIGSTOP: connections stay, nobody answers. */
  pause(): void
  /** SIGCONT. */
  resume(): void
  /** SIGKILL; the data stays. */
  kill(): Promise<void>
  /**
   * Starts it again on the same ports and data, killing it first if it runs, and waits until it is healthy; `wipe` forgets
   * the data.
   */
  restart(options?: { wipe?: boolean }): Promise<void>
  /** False while it does not run. */
  isLeader(): Promise<boolean>
}

/** Several of them that are one store. Its members need the most of each other to be healthy. */
export type TestEtcdCluster = AsyncDisposable & {
  readonly members: readonly TestEtcd[]
  /** One of each member, in their order. */
  readonly endpoints: readonly string[]
  /** Undefined while there is none. */
  leader(): Promise<TestEtcd | undefined>
  killAll(): Promise<void>
  /** All members at once, so that `wipe` gives an empty store with the same cluster id. */
  restartAll(options?: { wipe?: boolean }): Promise<void>
}

export type EtcdTlsFiles = Readonly<{ caFile: string; certFile: string; keyFile: string }>

const startTimeoutMs = 20_000
const attempts = 3

/**
 * Starts the `etcd` binary of the machine on random ports, data in a directory that only its owner can enter, and waits
 * until it is healthy. It ends with its parent, whatever happens to that.
 */
export async function startEtcd({
  signal,
  args = [],
  tls,
}: {
  signal?: AbortSignal
  /** Further command line arguments. */
  args?: readonly string[]
  /** PEM files; clients must then show a certificate of the same authority. */
  tls?: EtcdTlsFiles
} = {}): Promise<TestEtcd> {
  const [etcd] = await startMembers({ size: 1, signal, args, tls })
  if (etcd === undefined) throw new Error('no etcd')
  return etcd
}

/** The same with `size` members, healthy together. */
export async function startEtcdCluster({
  signal,
  args = [],
  size,
}: {
  signal?: AbortSignal
  args?: readonly string[]
  size: number
}): Promise<TestEtcdCluster> {
  const members = await startMembers({ size, signal, args, tls: undefined })
  const each = async (run: (member: RunningEtcd) => Promise<void>) =>
    void (await Promise.all(members.map(run)))
  return {
    members,
    endpoints: members.flatMap(({ endpoints }) => endpoints),
    async leader() {
      const leads = await Promise.all(members.map((member) => member.isLeader()))
      return members[leads.indexOf(true)]
    },
    killAll: () => each((member) => member.kill()),
    async restartAll(options) {
      await each((member) => member.kill())
      await each((member) => member.restart(options))
    },
    [Symbol.asyncDispose]: () => each((member) => member[Symbol.asyncDispose]()),
  }
}

async function startMembers({
  size,
  signal,
  args,
  tls,
}: {
  size: number
  signal: AbortSignal | undefined
  args: readonly string[]
  tls: EtcdTlsFiles | undefined
}): Promise<RunningEtcd[]> {
  for (let attempt = 1; ; attempt++) {
    const ports: (readonly [number, number, number])[] = []
    for (let i = 0; i < size; i++) ports.push([await freePort(), await freePort(), await freePort()])
    const peers = ports.map(([, peerPort], i) => `m${i}=http://127.0.0.1:${peerPort}`).join(',')
    const members: RunningEtcd[] = []
    for (const [i, memberPorts] of ports.entries()) {
      const dataDir = await mkdtemp(join(tmpdir(), `axoneme-etcd-${process.pid}-`))
      members.push(new RunningEtcd({ name: `m${i}`, dataDir, ports: memberPorts, peers, args, tls }))
    }
    const starts = await Promise.allSettled(members.map((member) => member.start(signal)))
    const failure = starts.find((start) => start.status === 'rejected')
    if (failure === undefined) return members
    await Promise.all(members.map((member) => member[Symbol.asyncDispose]()))
    // Another process may have taken a port that was free a moment ago.
    if (attempt < attempts && signal?.aborted !== true && !isMissing(failure.reason)) continue
    throw failure.reason
  }
}

type EtcdSetup = Readonly<{
  name: string
  dataDir: string
  /** For clients, peers and health. */
  ports: readonly [number, number, number]
  /** `name=url` of each member. */
  peers: string
  args: readonly string[]
  tls: EtcdTlsFiles | undefined
}>

class RunningEtcd implements TestEtcd {
  readonly endpoints: string[]
  readonly dataDir: string
  readonly #healthUrl: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #output = ''

  constructor({ name, dataDir, ports: [clientPort, peerPort, healthPort], peers, args, tls }: EtcdSetup) {
    const clientUrl = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${clientPort}`
    const peerUrl = `http://127.0.0.1:${peerPort}`
    this.dataDir = dataDir
    this.endpoints = [clientUrl]
    this.#healthUrl = `http://127.0.0.1:${healthPort}`
    this.#args = [
      ...['--name', name, '--data-dir', join(dataDir, 'data'), '--logger', 'zap', '--log-level', 'warn'],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', peers, '--listen-metrics-urls', this.#healthUrl],
      ...(tls === undefined ? [] : ['--client-cert-auth', '--trusted-ca-file', tls.caFile]),
      ...(tls === undefined ? [] : ['--cert-file', tls.certFile, '--key-file', tls.keyFile]),
      ...args,
    ]
  }

  async start(signal?: AbortSignal): Promise<void> {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'etcd', ...this.#args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH },
    })
    this.#child = child
    this.#output = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-4000)
    })
    const failed = once(child, 'error').then(([error]) => {
      throw error
    })
    const exited = once(child, 'exit').then(([code]) => {
      throw new Error(`etcd exited with ${code}: ${this.#output}`)
    })
    exited.catch(() => {})
    failed.catch(() => {})
    const limit = AbortSignal.timeout(startTimeoutMs)
    await Promise.race([
      failed,
      exited,
      this.#healthy(signal === undefined ? limit : AbortSignal.any([signal, limit])),
    ])
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (
      child === undefined ||
      child.pid === undefined ||
      child.exitCode !== null ||
      child.signalCode !== null
    )
      return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  async restart({ wipe = false }: { wipe?: boolean } = {}): Promise<void> {
    await this.kill()
    if (wipe) await rm(join(this.dataDir, 'data'), { recursive: true, force: true })
    await this.start()
  }

  async isLeader(): Promise<boolean> {
    if (this.#child === undefined) return false
    try {
      const answer = await fetch(`${this.#healthUrl}/metrics`, {
        signal: AbortSignal.timeout(startTimeoutMs),
      })
      return /^etcd_server_is_leader 1$/m.test(await answer.text())
    } catch {
      // It ended meanwhile.
      return false
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.dataDir, { recursive: true, force: true })
  }

  async #healthy(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        const answer = await fetch(`${this.#healthUrl}/health`, { signal })
        if (answer.ok) return
      } catch (error) {
        if (signal.aborted) throw new Error(`etcd was not healthy in time: ${this.#output}`, { cause: error })
      }
      await sleep(25, { signal })
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
