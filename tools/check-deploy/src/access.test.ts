import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { agentOptions, createTables, findLocalNode, keepCiliumNode, startReflectors } from '@axoneme/agent'
import { type K8sClient, openK8sClient } from '@axoneme/k8s-client'
import {
  type CiliumEndpointContent,
  ciliumEndpointTarget,
  registerCustomResourceDefinitions,
  type WrittenEndpoint,
} from '@axoneme/k8s-writers'
import { Scope } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import { parseOptions } from '@axoneme/options'
import { createTable } from '@axoneme/tables'
import { expect, it } from 'vitest'
import { inRepository } from './repository.ts'
import { grantedBy, startAccessGate } from './test-access-gate.ts'
import { startTestApiserver, type TestApiserver } from './test-apiserver.ts'
import { readManifests } from './test-manifests.ts'
import { startProgram } from './test-process.ts'

const name = 'node-7'
const noKvstore = 'http://127.0.0.1:1'

type Cluster = { server: TestApiserver; scope: Scope; onDenied: (access: string) => void }

/** A way to the server with the rights of the roles of one name: its gate, and a kubeconfig that leads there. */
async function withRole(role: string, { server, scope, onDenied }: Cluster) {
  const rules = readManifests()
    .roles.filter(({ metadata }) => metadata.name === role)
    .flatMap((found) => found.rules)
  const gate = scope.use(await startAccessGate({ target: server.url, rules, onDenied }))
  const kubeconfig = join(server.directory, role)
  writeFileSync(kubeconfig, readFileSync(server.kubeconfig, 'utf8').replaceAll(server.url, gate.url))
  return { gate, kubeconfig, granted: grantedBy(rules) }
}

/** Of the DaemonSet, and ready: the node may have pods then. */
async function startAgentPod(server: TestApiserver): Promise<void> {
  const file = join(server.directory, 'agent-pod.json')
  const metadata = {
    name: 'agent',
    namespace: 'kube-system',
    labels: { 'app.kubernetes.io/name': 'axoneme-agent' },
  }
  const spec = { nodeName: name, containers: [{ name: 'agent', image: 'x' }] }
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec }))
  await server.kubectl('create', '-f', file)
  const status = JSON.stringify({ status: { conditions: [{ type: 'Ready', status: 'True' }] } })
  await server.kubectl('-n', 'kube-system', 'patch', 'pod', 'agent', '--subresource=status', '-p', status)
}

/** All that an agent does with the CiliumEndpoint of a pod. */
async function writeCiliumEndpoint(client: K8sClient, signal: AbortSignal): Promise<void> {
  const key = 'default/web'
  const content = (state: number): CiliumEndpointContent => ({
    ...{ namespace: 'default', name: 'web', podUid: 'uid', labels: {} },
    status: {
      encryption: {},
      'external-identifiers': {
        ...{ 'cni-attachment-id': 'c:eth0', 'container-id': 'c' },
        ...{ 'k8s-namespace': 'default', 'k8s-pod-name': 'web', 'pod-name': key },
      },
      ...{ id: 1, identity: { id: state, labels: [] }, state: 'ready' },
      networking: { addressing: [{ ipv4: '10.0.0.7' }], node: '192.0.2.7' },
    },
  })
  const table = createTable<CiliumEndpointContent>({ name: 'wanted', key: () => key })
  const records = new Map<string, WrittenEndpoint>()
  const target = ciliumEndpointTarget({
    ...{ client, table, pace: async () => {} },
    records: {
      keys: () => [...records.keys()],
      get: (name) => records.get(name),
      set: (name, written) => records.set(name, written),
      delete: (name) => records.delete(name),
    },
  })
  for (const identity of [256, 257]) {
    table.upsert(content(identity))
    await target.update(content(identity), signal)
    await target.prune?.([...table.rows()], signal)
  }
  await target.delete(key, content(257), signal)
}

it('the roles grant what the agent and the operator call, and nothing else', {
  timeout: 120_000,
}, async () => {
  await using server = await startTestApiserver()
  const denied = new AbortController()
  await using scope = new Scope('access test', {
    signal: AbortSignal.any([AbortSignal.timeout(100_000), denied.signal]),
  })
  const { signal } = scope
  const onDenied = (access: string) => denied.abort(new Error(`no role allows ${access}`))
  const operator = await withRole('axoneme-operator', { server, scope, onDenied })
  const agent = await withRole('axoneme-agent', { server, scope, onDenied })
  const nodeFile = join(server.directory, 'node.json')
  writeFileSync(nodeFile, JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name } }))
  await server.kubectl('create', '-f', nodeFile)
  await server.kubectl('taint', 'node', name, 'node.cilium.io/agent-not-ready=:NoSchedule')

  scope.use(
    startProgram(inRepository('apps/operator/src/main.ts'), [
      ...['--kubeconfig', operator.kubeconfig, '--kvstore-endpoints', noKvstore, '--metrics-address='],
      ...['--cilium-endpoint-gc-interval', '300ms', '--leader-election-retry-period', '200ms'],
    ]),
  )
  const client = scope.use(await openK8sClient({ kubeconfigPath: agent.kubeconfig, userAgent: 'test' }))
  const tables = createTables()
  const log = createLogger({ sink: () => {}, level: 'error' })
  startReflectors({ client, tables, nodeName: name, observe: () => {}, log, scope })
  const { config } = parseOptions(agentOptions, {
    argv: ['--node-name', name, '--node-ip', '192.0.2.7', '--kvstore-endpoints', noKvstore],
  })
  // Before the operator has registered CiliumNode this fails, and is repeated.
  const ciliumNode = keepCiliumNode({ client, tables, config, log, signal })
  scope.use(ciliumNode.reconciler)
  scope.run(() => ciliumNode.running)
  const found = await findLocalNode({ tables, config, signal, waitFor: () => {} })
  expect(found).toMatchObject({ node: { podCidr: '10.0.0.0/24', routerIp: '10.0.0.1' } })

  // What they write when there is something else to say.
  await server.kubectl('label', 'node', name, 'rack=4')
  await expect.poll(() => tables.ciliumNodes.get(name)?.labels.rack, { timeout: 20_000 }).toBe('4')
  await writeCiliumEndpoint(client, signal)
  await startAgentPod(server)
  const endpoint = join(server.directory, 'endpoint.json')
  const orphan = { apiVersion: 'cilium.io/v2', kind: 'CiliumEndpoint', metadata: { name: 'orphan' } }
  writeFileSync(endpoint, JSON.stringify(orphan))
  await server.kubectl('create', '-f', endpoint)
  await server.kubectl('label', 'crd', '--all', '--overwrite', 'axoneme.io/schema-version=0')
  const later = scope.use(await openK8sClient({ kubeconfigPath: operator.kubeconfig, userAgent: 'test' }))
  await registerCustomResourceDefinitions({ client: later, signal })

  for (const { gate, granted } of [agent, operator]) {
    await expect.poll(() => gate.used(), { timeout: 20_000 }).toEqual(granted)
  }
  signal.throwIfAborted()
})
