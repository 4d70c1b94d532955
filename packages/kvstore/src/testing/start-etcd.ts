import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@axoneme/lifecycle'

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
  /** Starts it again on the same ports and data, killing it first if it runs; `wipe` forgets the data. */
  restart(options?: { wipe?: boolean }): Promise<void>
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
  const dataDir = await mkdtemp(join(tmpdir(), `axoneme-etcd-${process.pid}-`))
  for (let attempt = 1; ; attempt++) {
    const etcd = new RunningEtcd({
      dataDir,
      ports: [await freePort(), await freePort(), await freePort()],
      args,
      tls,
    })
    try {
      await etcd.start(signal)
      return etcd
    } catch (error) {
      await etcd.kill()
      // Another process may have taken a port that was free a moment ago.
      if (attempt < attempts && signal?.aborted !== true && !isMissing(error)) continue
      await rm(dataDir, { recursive: true, force: true })
      throw error
    }
  }
}

type EtcdSetup = Readonly<{
  dataDir: string
  /** For clients, peers and health. */
  ports: readonly [number, number, number]
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

  constructor({ dataDir, ports: [clientPort, peerPort, healthPort], args, tls }: EtcdSetup) {
    const clientUrl = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${clientPort}`
    const peerUrl = `http://127.0.0.1:${peerPort}`
    this.dataDir = dataDir
    this.endpoints = [clientUrl]
    this.#healthUrl = `http://127.0.0.1:${healthPort}`
    this.#args = [
      ...['--name', 'test', '--data-dir', join(dataDir, 'data'), '--logger', 'zap', '--log-level', 'warn'],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `test=${peerUrl}`, '--listen-metrics-urls', this.#healthUrl],
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
