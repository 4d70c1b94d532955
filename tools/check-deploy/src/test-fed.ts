import { agentOptions, createAgentMetrics, createTables } from '@axoneme/agent'
import { createApiLimiter } from '@axoneme/agent-api'
import { createAddressPool } from '@axoneme/ipam'
import { createEmbeddedKvstore } from '@axoneme/kvstore'
import { createLogger, observeLog } from '@axoneme/log'
import { createOperatorMetrics } from '@axoneme/operator'
import { z } from 'zod'
import type { Registry } from './registries.ts'

/** Read from a running datapath or from own entries in the kvstore: a real agent proves that they are fed. */
export const fedByRunningAgent: readonly string[] = [
  'cilium_bpf_map_pressure',
  'cilium_drop_bytes_total',
  'cilium_drop_count_total',
  'cilium_forward_bytes_total',
  'cilium_forward_count_total',
  'cilium_kvstore_sync_queue_size',
  'cilium_policy_implementation_delay',
]

const silent = createLogger({ sink: () => {} })
const names = Array.from({ length: 3 }, (_, i) => `n${i}`)

/** Everything of the cluster whose number a metric tells, `size` of each. */
function tablesOf(size: number) {
  const tables = createTables()
  const meta = { uid: '', resourceVersion: '1', labels: {} }
  for (let i = 0; i < size; i++) {
    const ip = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`
    const name = `name-${i}`
    tables.identities.upsert({ id: 256 + i, labels: { 'k8s:app': name } })
    tables.ips.upsert({
      ...{ ip, hostIp: '172.31.0.1', identity: 256 + i, encryptKey: 0 },
      ...{ namespace: name, podName: name },
    })
    tables.nodes.upsert({
      ...{ name, cluster: 'default', internalIp: ip, routerIp: '', podCidrs: [], encryptKey: 0, labels: {} },
    })
    tables.networkPolicies.upsert({
      ...meta,
      ...{ name, namespace: 'default', podSelector: { matchLabels: {}, matchExpressions: [] } },
      ...{ policyTypes: [], ingress: [], egress: [] },
    })
    tables.policyErrors.upsert({ namespace: 'default', name, field: 'f', message: 'm' })
    tables.frontends.upsert({
      ...{ address: ip, port: 80, protocol: 'TCP', key: `${ip}:80/TCP`, kind: 'ClusterIP' },
      ...{ service: name, portName: '', affinityTimeoutSeconds: 0, backends: [] },
    })
  }
  for (const [i, name] of names.entries()) {
    const macs = { podMac: '', hostMac: '', hostIfName: '' }
    tables.endpoints.upsert({
      ...{ id: i + 1, containerId: name, ifName: 'eth0', netnsPath: '', namespace: 'default', podName: name },
      ...{ podUid: '', ipv4: `10.9.0.${i}`, ...macs, labels: {}, identity: 256, state: 'ready' },
    })
    const enforced = { enforceIngress: true, enforceEgress: false, entries: [] }
    tables.policies.upsert({ endpointId: i + 1, identity: 256, ...enforced })
  }
  for (const table of Object.values(tables)) table.markInitialized()
  return tables
}

/** A registry to which every observer of the agent was given what its package tells, in a cluster of `size`. */
export async function drivenAgent(size: number): Promise<Registry> {
  const metrics = createAgentMetrics()
  const tables = tablesOf(size)
  const limiter = createApiLimiter(agentOptions['api-rate-limit'].schema.parse(''), {
    observe: metrics.apiLimit,
  })
  metrics.watch({ tables, limiter }, { isReady: () => true })
  const stop = new AbortController()
  const { signal } = stop
  const following = metrics.follow({ tables }, signal)
  await new Promise(setImmediate)

  observeLog(silent, { observe: metrics.log }).child('datapath').warn('x')
  metrics.bootstrap({ step: 'kvstore', outcome: 'fail', durationMs: 1 })
  for (let i = 0; i < size; i++) {
    const call = { verb: 'patch', resource: 'ciliumendpoints', method: 'PATCH', host: 'h:6443' } as const
    metrics.k8s({ ...call, code: '200', durationMs: 1 })
  }
  for (const resource of ['networkpolicies', 'services']) {
    metrics.reflector({ kind: 'event', resource, action: 'MODIFIED', needed: true })
    metrics.reflector({ kind: 'self-check', resource, outcome: 'differs', durationMs: 1 })
    metrics.reflector({ kind: 'list', resource, items: size, durationMs: 1 })
    metrics.reflector({ kind: 'failure', resource, error: new Error('x') })
    metrics.reflector({ kind: 'invalid', resource })
  }
  await driveKvstore(metrics, { size, signal })
  metrics.kvstoreQuorumError({ error: 'KVSTORE_UNAVAILABLE' })
  metrics.bpf({ operation: 'map_update', object: 'axo_ipcache', durationMs: 0.01 })
  metrics.compile({ program: 'lxc', hash: 'h', outcome: 'compiled', durationMs: 1 })
  metrics.datapath.endpointStep?.('total', 1)
  metrics.datapath.endpoint?.('success')
  metrics.datapath.conntrackGc?.({ entries: 2, deleted: 1, durationMs: 1 })
  metrics.datapath.conntrackGcFailed?.({ durationMs: 1 })
  const failures = { BPF_MAP_FULL: size }
  metrics.datapath.reconcile?.({ name: 'ipcache', kind: 'rows', durationMs: 1, failures })
  metrics.datapath.reconcile?.({ name: 'node-routes', kind: 'prune', durationMs: 1, failures: {} })
  metrics.api({ path: '/v1/cni', method: 'POST', code: 200, durationMs: 1 })
  for (const code of [200, 429]) (await limiter.enter('endpoint-create', signal)).leave(code)
  metrics.cniStep('cniEndpoint', 1)
  metrics.podKnown({ waitedMs: 3 })
  const pool = createAddressPool({ cidr: '10.4.0.0/24', observe: metrics.address })
  pool.release(pool.allocate('a'))
  pool.allocate('b')
  const run = { outcome: 'success', durationMs: 1 } as const
  metrics.policy({
    ...{ ...run, changes: { policies: size, identities: 1, endpoints: 1, prefixIdentities: 1 } },
    ...{ computed: 1, refused: 1, calculationMs: 1 },
  })
  metrics.services({ ...run, changes: { services: 1, slices: 0 }, added: 1, updated: 1, deleted: 1 })
  metrics.derivation('ipcache')({ ...run })
  stop.abort()
  await following
  return metrics.registry
}

/** What a client of a store tells of real calls and of a real watch. */
async function driveKvstore(
  metrics: Pick<ReturnType<typeof createAgentMetrics>, 'kvstore' | 'kvstoreWatch'>,
  { size, signal }: { size: number; signal: AbortSignal },
): Promise<void> {
  await using store = await createEmbeddedKvstore({
    ...{ log: silent, observe: metrics.kvstore, observeWatch: metrics.kvstoreWatch, signal },
  })
  const prefix = 'cilium/state/nodes/v1/default/'
  const keys = Array.from({ length: size }, (_, i) => `${prefix}name-${i}`)
  for await (const event of store.watchPrefix(prefix, { signal })) {
    if (event.kind === 'synced') for (const key of keys) await store.put(key, '')
    if (event.kind === 'upsert' && event.entry.key === keys.at(-1)) return
  }
}

export function drivenOperator(): Registry {
  const metrics = createOperatorMetrics()
  metrics.leading(true)
  observeLog(silent, { observe: metrics.log }).child('lead').error('x')
  metrics.k8s({ verb: 'get', resource: 'nodes', method: 'GET', host: 'h', code: '403', durationMs: 1 })
  metrics.reflector({ kind: 'event', resource: 'nodes', action: 'ADDED', needed: true })
  metrics.reflector({ kind: 'self-check', resource: 'nodes', outcome: 'equal', durationMs: 1 })
  metrics.reflector({ kind: 'list', resource: 'nodes', items: 1, durationMs: 1 })
  metrics.reflector({ kind: 'failure', resource: 'nodes', error: new Error('x') })
  const call = { operation: 'put', kind: 'set', scope: 'nodes/v1', outcome: 'success' } as const
  metrics.kvstore({ ...call, durationMs: 1, queuedMs: 1 })
  metrics.kvstoreWatch({ scope: 'nodes/v1', action: 'upsert', queuedMs: 1 })
  metrics.kvstoreQuorumError({ error: 'KVSTORE_UNAVAILABLE' })
  metrics.reconciler({ name: 'node-entries', kind: 'rows', durationMs: 1, failures: {} })
  const found = { checked: 3, unused: 1, deleted: 1, usedRatio: 0.5, durationMs: 1 }
  metrics.identityGc({ outcome: 'success', ...found })
  metrics.endpointGc('success')
  metrics.nodeEntry({ kind: 'create' })
  return metrics.registry
}

const collectedSchema = z.array(
  z.looseObject({
    name: z.string(),
    values: z.array(
      z.looseObject({
        // Of what has no measurement yet.
        value: z.number().or(z.nan()),
        labels: z.record(z.string(), z.unknown()),
      }),
    ),
  }),
)

/** Series by metric, those that were never touched (0 without labels) left out. */
export async function fedSeries(registry: Registry): Promise<Map<string, number>> {
  const series = new Map<string, number>()
  for (const { name, values } of collectedSchema.parse(await registry.getMetricsAsJSON())) {
    const fed = values.filter(({ value, labels }) => value !== 0 || Object.keys(labels).length > 0)
    const isFed = values.some(({ value }) => value !== 0)
    if (isFed) series.set(name, fed.length)
  }
  return series
}
