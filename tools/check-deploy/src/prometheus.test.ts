import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import {
  cniExecutable,
  daemonStatus,
  downSandbox,
  type Instance,
  instanceOf,
  nodesOf,
  upSandbox,
} from '@axoneme/sandbox'
import { connectInNetns } from '@axoneme/syscalls'
import { expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { agentRegistry, isOfProcess, operatorRegistry, seriesOf } from './registries.ts'
import { inRepository } from './repository.ts'
import { fedByRunningAgent } from './test-fed.ts'
import { type Prometheus, startPrometheus } from './test-prometheus.ts'
import { parseQuery } from './test-promql.ts'

/** Of what nothing happens in the seconds of this test: collections, self-checks, failures. metrics-fed.test.ts feeds them. */
const tooRareHere = [
  /_datapath_conntrack_gc_/,
  /_datapath_errors_total$/,
  /_errors_warnings_total$/,
  /_k8s_self_checks_total$/,
  /_k8s_watch_failures_total$/,
  /_kvstore_quorum_errors_total$/,
  /_operator_(identity_(gc|space)_|endpoint_gc_)/,
]
const isRare = (name: string) => tooRareHere.some((pattern) => pattern.test(name))

const instance = instanceOf(`prom-${process.pid}`)
const canRun = process.getuid?.() === 0 && existsSync(cniExecutable)

it.runIf(canRun || process.env.CI === 'true')(
  'Prometheus scrapes an agent and the operator, and answers what dashboards and alerts ask',
  { timeout: 120_000 },
  async () => {
    await using stack = new AsyncDisposableStack()
    const directory = mkdtempSync(join(tmpdir(), `axo-prometheus-${process.pid}-`))
    stack.defer(() => rmSync(directory, { recursive: true }))
    stack.defer(() => downSandbox(instance))
    await upSandbox(instance, {
      options: { nodes: 1, routing: 'native' },
      onProgress: () => {},
      tied: true,
      signal: new AbortController().signal,
    })
    const [node] = nodesOf(instance, 1)
    if (node === undefined) throw new TypeError('one node was asked for')
    const prometheus = stack.use(
      await startPrometheus(directory, {
        agent: await leadTo({ netns: node.netns, port: 9962, stack }),
        operator: await leadTo({ netns: instance.fabricNetns, port: 9963, stack }),
      }),
    )
    await useCluster(instance, directory)

    const own = [agentRegistry(), operatorRegistry()].flatMap((registry) => [...seriesOf(registry).keys()])
    const wanted = own.filter((name) => !isOfProcess(name) && !isRare(name))
    await vi.waitFor(
      async () => {
        expect(await prometheus.targets()).toEqual({ agent: 'up', operator: 'up' })
        const known = new Set(await prometheus.metricNames())
        expect(wanted.filter((name) => !known.has(name))).toEqual([])
        expect(await prometheus.query('cilium_agent_ready == 1')).toBe(1)
        expect(await prometheus.query('leader_election_master_status == 1')).toBe(1)
        expect(await prometheus.query('cilium_drop_count_total > 0')).toBeGreaterThan(0)
        expect(await prometheus.query('cilium_policy_implementation_delay_count > 0')).toBe(1)
      },
      { timeout: 40_000, interval: 250 },
    )
    expect(fedByRunningAgent.filter(isRare)).toEqual([])
    expect(await unanswered(prometheus)).toEqual([])
  },
)

/** A port of loopback here that leads to one of loopback in a network namespace: `host:port`. */
async function leadTo({
  netns,
  port,
  stack,
}: {
  netns: string
  port: number
  stack: AsyncDisposableStack
}): Promise<string> {
  const sockets = new Set<{ destroy(): void }>()
  const server: Server = createServer((near) => {
    sockets.add(near)
    const through = async () => {
      const far = await connectInNetns({ netns, address: '127.0.0.1', port, timeoutMs: 1_000 })
      sockets.add(far)
      await Promise.all([pipeline(near, far), pipeline(far, near)])
    }
    // A scrape that fails is what Prometheus tells of.
    through().catch(() => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stack.defer(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `127.0.0.1:${address.port}`
}

const manifest = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: default }
spec: { podSelector: { matchLabels: { app: web } }, policyTypes: [Ingress] }
`

/** Pods that talk, a service, a policy, and a packet that it drops. */
async function useCluster(instance: Instance, directory: string): Promise<void> {
  const kubectl = (...args: string[]) =>
    promisify(execFile)('kubectl', ['--kubeconfig', instance.kubeconfig, ...args])
  const run = (name: string) => ['run', name, '--image=x', '--port=80', `--labels=app=${name}`]
  await Promise.all([kubectl(...run('web')), kubectl(...run('client'))])
  await kubectl('wait', 'pod/web', 'pod/client', '--for=condition=Ready', '--timeout=30s')
  const { pods } = await daemonStatus(instance)
  const [web, client] = ['web', 'client'].map((name) => pods.find((pod) => pod.name === name))
  if (web === undefined || client === undefined) throw new Error('the pods are gone')
  const connect = (timeoutMs: number) =>
    connectInNetns({ netns: client.netns, address: web.ip, port: 80, timeoutMs })
  const allowed = await connect(10_000)
  allowed.destroy()
  const file = join(directory, 'manifest.yaml')
  writeFileSync(file, manifest)
  await kubectl('apply', '-f', file)
  await vi.waitFor(() => expect(connect(2_000)).rejects.toMatchObject({ code: 'ETIMEDOUT' }), {
    timeout: 20_000,
  })
}

const panelsSchema = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).default([]) })),
})
const rulesSchema = z.object({
  spec: z.object({ groups: z.array(z.object({ rules: z.array(z.object({ expr: z.string() })) })) }),
})

/** Expressions that Prometheus refuses, or that ask for what neither program gives it. */
async function unanswered(prometheus: Prometheus): Promise<string[]> {
  const read = (path: string) => readFileSync(inRepository(`deploy/${path}`), 'utf8')
  const panels = ['agent.json', 'operator.json'].flatMap(
    (file) => panelsSchema.parse(JSON.parse(read(`dashboards/${file}`))).panels,
  )
  const { groups } = rulesSchema.parse(parse(read('prometheus/rules.yaml'))).spec
  const asked = [...panels.flatMap(({ targets }) => targets), ...groups.flatMap(({ rules }) => rules)].map(
    ({ expr }) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
  )
  expect(asked.length).toBeGreaterThan(100)
  const known = new Set(await prometheus.metricNames())
  const wrong: string[] = []
  const check = async (expr: string) => {
    const missing = parseQuery(expr).metrics.filter((name) => !known.has(name) && !isRare(name))
    if (missing.length > 0) wrong.push(`${expr}: no ${missing}`)
    await prometheus.query(expr).catch((error: unknown) => wrong.push(`${expr}: ${error}`))
  }
  await Promise.all(asked.map(check))
  return wrong
}
