import type { EndpointRow } from '@axoneme/endpoint'
import type { Backend, FrontendRow } from '@axoneme/loadbalancer'
import type { EndpointPolicyRow, PolicyDirection, PolicyEntry } from '@axoneme/policy'

/** What a direction lets through: everything, or these peers (0: any) on a port of a protocol (0: all). */
export type Allow = 'everything' | readonly Readonly<{ identity: number; protocol?: number; port?: number }>[]

export const protocol = { icmp: 1, tcp: 6, udp: 17 } as const

/** An endpoint that is ready. Names and MAC addresses follow from its id, so that equal calls give equal rows. */
export function endpointRow(row: {
  id: number
  ipv4: string
  identity: number
  netnsPath: string
}): EndpointRow {
  const hex = row.id.toString(16).padStart(4, '0')
  const tail = `${hex.slice(0, 2)}:${hex.slice(2)}`
  return {
    containerId: `container-${row.id}`,
    ifName: 'eth0',
    namespace: 'default',
    podName: `pod-${row.id}`,
    podUid: `uid-${row.id}`,
    podMac: `02:00:00:01:${tail}`,
    hostMac: `02:00:00:02:${tail}`,
    hostIfName: `lxc${hex.padStart(12, '0')}`,
    labels: { 'k8s:app': `app-${row.identity}` },
    state: 'ready',
    ...row,
  }
}

/** Nothing is allowed in a direction that is not given. */
export function policyRow(
  { id, identity }: Pick<EndpointRow, 'id' | 'identity'>,
  { ingress = [], egress = [] }: { ingress?: Allow; egress?: Allow },
): EndpointPolicyRow {
  return {
    endpointId: id,
    identity,
    enforceIngress: ingress !== 'everything',
    enforceEgress: egress !== 'everything',
    entries: [...entriesOf('egress', egress), ...entriesOf('ingress', ingress)],
  }
}

function entriesOf(direction: PolicyDirection, allow: Allow): PolicyEntry[] {
  if (allow === 'everything') return [policyEntry({ direction })]
  return allow.map((entry) => policyEntry({ direction, ...entry, rules: ['default/test'] }))
}

export function policyEntry({
  port = 0,
  ...entry
}: Partial<PolicyEntry> & Pick<PolicyEntry, 'direction'>): PolicyEntry {
  return {
    identity: 0,
    protocol: 0,
    port,
    portPrefixLength: port === 0 ? 0 : 16,
    rules: [],
    ...entry,
  }
}

/** A TCP service whose backends are all active unless they say otherwise. */
export function frontendRow({
  address,
  port,
  backends,
}: {
  address: string
  port: number
  backends: readonly (Pick<Backend, 'address' | 'port'> & Partial<Backend>)[]
}): FrontendRow {
  return {
    key: `${address}:${port}/TCP`,
    address,
    port,
    protocol: 'TCP',
    kind: 'ClusterIP',
    service: 'default/service',
    portName: '',
    affinityTimeoutSeconds: 0,
    backends: backends.map((backend) => ({ protocol: 'TCP', state: 'active', nodeName: '', ...backend })),
  }
}
