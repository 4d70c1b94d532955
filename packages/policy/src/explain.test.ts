import { type IdentityRow, reservedIdentityRows } from '@axoneme/identity'
import type { SlimNetworkPolicy } from '@axoneme/slim-types'
import { createTable } from '@axoneme/tables'
import { expect, it } from 'vitest'
import { explainVerdict } from './explain.ts'
import { resolvePolicy } from './resolve.ts'

const web = { 'k8s:io.kubernetes.pod.namespace': 'blue', 'k8s:app': 'web' }
const db = { 'k8s:io.kubernetes.pod.namespace': 'blue', 'k8s:app': 'db' }
const identities = createTable<IdentityRow>({ name: 'identities', key: (row) => String(row.id) })
const rows = [...reservedIdentityRows, { id: 300, labels: web }, { id: 301, labels: db }]
for (const row of rows) identities.upsert(row)

const policy: SlimNetworkPolicy = {
  name: 'web-only',
  namespace: 'blue',
  uid: '',
  resourceVersion: '',
  labels: {},
  podSelector: { matchLabels: { app: 'db' }, matchExpressions: [] },
  policyTypes: ['Ingress'],
  ingress: [
    {
      peers: [{ podSelector: { matchLabels: { app: 'web' }, matchExpressions: [] } }],
      ports: [{ protocol: 'TCP', port: 5432 }],
    },
  ],
  egress: [],
}
const resolved = resolvePolicy({ labels: db, identities: rows, policies: [policy], prefixIdentities: [] })
const row = { endpointId: 7, identity: 301, ...resolved }

it.each([
  {
    traffic: { direction: 'ingress' as const, peer: 300, protocol: 6, port: 5432 },
    allowed: true,
    reason: 'allowed by blue/web-only',
  },
  {
    traffic: { direction: 'ingress' as const, peer: 300, protocol: 6, port: 5433 },
    allowed: false,
    reason:
      'no policy of endpoint 7 allows ingress from identity 300 (k8s:app=web k8s:io.kubernetes.pod.namespace=blue) on TCP port 5433',
  },
  {
    traffic: { direction: 'ingress' as const, peer: 2, protocol: 17, port: 53 },
    allowed: false,
    reason: 'no policy of endpoint 7 allows ingress from identity 2 (reserved:world) on UDP port 53',
  },
  {
    traffic: { direction: 'ingress' as const, peer: 1, protocol: 6, port: 1 },
    allowed: true,
    reason: 'the local host always reaches its pods',
  },
  {
    traffic: { direction: 'egress' as const, peer: 999, protocol: 6, port: 1 },
    allowed: true,
    reason: 'no policy restricts egress of endpoint 7',
  },
])('$traffic', ({ traffic, allowed, reason }) => {
  expect(explainVerdict({ row, identities, ...traffic })).toMatchObject({ allowed, reason })
})
