import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Scope, sleep } from '@axoneme/lifecycle'
import { createLogger, type LogEvent } from '@axoneme/log'
import { startControllers } from '../controllers/index.ts'
import type { Json, JsonObject } from './json.ts'
import { kubeconfigText } from './kubeconfig.ts'
import { type ApiServer, type ApiServerOptions, startApiServer } from './server.ts'

/** Real manifests that others wrote. */
export const sharedData = new URL('../../../../../shared/data/', import.meta.url)

type Answer = Readonly<{ code: number; body: JsonObject; headers: Headers }>

export type TestServer = AsyncDisposable &
  Readonly<{
    server: ApiServer
    /** What was logged at warn or above. */
    complaints: LogEvent[]
    request: (method: string, path: string, body?: Json, headers?: Record<string, string>) => Promise<Answer>
    kubectl: (args: readonly string[], input?: string) => Promise<CommandResult>
  }>

export type CommandResult = Readonly<{ code: number; stdout: string; stderr: string }>

/** A server on a free port of loopback, by default without controllers; kubectl gets a home of its own. */
export async function openTestServer({
  withControllers = false,
  ...options
}: Partial<Omit<ApiServerOptions, 'log'>> & { withControllers?: boolean } = {}): Promise<TestServer> {
  const scope = new Scope('test-server')
  try {
    const complaints: LogEvent[] = []
    const log = createLogger({ sink: (event) => complaints.push(event), level: 'warn' })
    const home = await mkdtemp(join(tmpdir(), `axoneme-apiserver-${process.pid}-`))
    scope.defer(() => rm(home, { recursive: true, force: true }))
    const server = scope.use(
      await startApiServer({ listen: { host: '127.0.0.1', port: 0 }, log, ...options }),
    )
    if (withControllers) scope.use(startControllers({ context: server.context, log }))
    const kubeconfig = join(home, 'kubeconfig')
    const token = options.token === undefined ? {} : { token: options.token }
    await writeFile(kubeconfig, kubeconfigText({ url: server.url, ...token }), { mode: 0o600 })
    return {
      server,
      complaints,
      request: (method, path, body, headers) => request(server.url, { method, path, body, headers }),
      kubectl: (args, input) => run('kubectl', args, { env: { HOME: home, KUBECONFIG: kubeconfig }, input }),
      [Symbol.asyncDispose]: () => scope.close(),
    }
  } catch (error) {
    await scope.close()
    throw error
  }
}

async function request(
  url: string,
  {
    method,
    path,
    body,
    headers = {},
  }: { method: string; path: string; body: Json | undefined; headers: Record<string, string> | undefined },
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    code: response.status,
    body: text.startsWith('{') ? JSON.parse(text) : { text },
    headers: response.headers,
  }
}

/** Runs a program to its end; a non-zero exit is a result, not an error. */
export function run(
  program: string,
  args: readonly string[],
  { env, input }: { env: Record<string, string>; input?: string | undefined },
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { env: { PATH: process.env.PATH ?? '', ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code
        if (typeof code === 'number') resolve({ code, stdout, stderr })
        else reject(error)
      },
    )
    child.stdin?.end(input)
  })
}

/** Waits until `check` holds; the test's own time limit ends it. */
export async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await sleep(5)
}

export function node(name: string, extra: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
    ...extra,
  }
}

/** What a kubelet says of a pod that runs. */
export function runningStatus(address: string): JsonObject {
  return {
    phase: 'Running',
    podIP: address,
    podIPs: [{ ip: address }],
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  }
}
