import type { MetricFamilies, Sample } from '@axoneme/app-host'
import { identityUsage } from '@axoneme/kvstore-sync'
import { type DatapathCount, datapathCounts } from '../datapath-counts.ts'
import type { AgentTables } from '../tables.ts'
import type { Visible } from '../views.ts'

/** Registers what is a state rather than an event: it is read when Prometheus scrapes. */
export function registerState(
  families: MetricFamilies,
  { visible, cluster, isReady }: { visible: Visible; cluster: string; isReady: () => boolean },
): void {
  const { tables } = visible
  const size = (name: string, help: string, read: () => number) =>
    families.atScrape({ name, help, type: 'gauge' }, () => [[{}, read()]])
  size('agent_ready', '1 once the start is complete', () => (isReady() ? 1 : 0))
  size('endpoint_count', 'endpoints of this node', () => tables.endpoints.size)
  size('identity_count', 'identities known', () => tables.identities.size)
  size(
    'identity_space_used_ratio',
    'share of the cluster’s identities that are allocated',
    () => identityUsage(tables.identities).ratio,
  )
  size('policy_count', 'network policies', () => tables.networkPolicies.size)
  size('policy_max_revision', 'changes of the policies so far', () => tables.networkPolicies.revision)
  size('policy_not_applied', 'parts of policies that are not applied now', () => tables.policyErrors.size)
  size('nodes_all_num', 'nodes known', () => tables.nodes.size)
  size('services_count', 'service addresses', () => tables.frontends.size)
  registerEndpointStates(families, visible)
  registerKvstoreState(families, { visible, cluster })
  registerDatapathState(families, visible)
}

function registerEndpointStates({ atScrape }: MetricFamilies, visible: Visible): void {
  const { tables } = visible
  atScrape(
    {
      name: 'endpoint_state',
      help: 'endpoints by what became of them',
      labels: ['endpoint_state'],
      type: 'gauge',
    },
    () => countsBy('endpoint_state', statesOf(visible)),
  )
  atScrape(
    { name: 'endpoint_regenerating', help: 'endpoints that wait for the datapath', type: 'gauge' },
    () => [[{}, [...statesOf(visible)].filter((state) => state === 'regenerating').length]],
  )
  atScrape(
    {
      name: 'policy_endpoint_enforcement_status',
      help: 'endpoints by the directions in which policy is enforced',
      labels: ['enforcement'],
      type: 'gauge',
    },
    () => countsBy('enforcement', enforcementsOf(tables)),
  )
}

/** In Cilium's words. */
function* statesOf({ tables, datapath }: Visible): Generator<string> {
  for (const { id, state } of tables.endpoints.rows()) {
    const realised = datapath?.endpoints.status.get(String(id))?.state
    if (state !== 'ready') yield state
    else if (realised === 'done') yield 'ready'
    else yield realised === 'error' ? 'not-ready' : 'regenerating'
  }
}

function* enforcementsOf({ policies }: AgentTables): Generator<string> {
  for (const { enforceIngress, enforceEgress } of policies.rows()) {
    if (enforceIngress && enforceEgress) yield 'both'
    else if (enforceIngress) yield 'ingress'
    else yield enforceEgress ? 'egress' : 'none'
  }
}

function registerKvstoreState(
  { atScrape }: MetricFamilies,
  { visible, cluster }: { visible: Visible; cluster: string },
): void {
  const { identities, ips, nodes } = visible.tables
  atScrape(
    {
      name: 'kvstore_initial_sync_completed',
      help: '1 once everything that the kvstore has of a kind is known',
      labels: ['scope', 'source_cluster', 'action'],
      type: 'gauge',
    },
    () =>
      Object.entries({ 'identities/v1': identities, 'ip/v1': ips, 'nodes/v1': nodes }).map(
        ([scope, table]): Sample => [
          { scope, source_cluster: cluster, action: 'read' },
          table.initialized ? 1 : 0,
        ],
      ),
  )
  atScrape(
    {
      name: 'kvstore_sync_queue_size',
      help: 'own entries that wait to be written to the kvstore',
      labels: ['scope', 'source_cluster'],
      type: 'gauge',
    },
    () => {
      if (visible.ownIps === undefined) return []
      let waiting = 0
      for (const { state } of visible.ownIps.status.rows()) if (state !== 'done') waiting++
      return [[{ scope: 'ip/v1', source_cluster: cluster }, waiting]]
    },
  )
}

function registerDatapathState({ atScrape }: MetricFamilies, visible: Visible): void {
  atScrape(
    {
      name: 'bpf_map_pressure',
      help: 'how full a map is, 1 being full; of axo_policy the fullest',
      labels: ['map_name'],
      type: 'gauge',
    },
    () =>
      (visible.datapath?.mapFill() ?? []).map(
        ({ map, entries, maxEntries }): Sample => [{ map_name: map }, entries / maxEntries],
      ),
  )
  for (const kind of ['drop', 'forward'] as const) {
    for (const unit of ['packets', 'bytes'] as const) {
      const labels = kind === 'drop' ? ['reason', 'direction'] : ['direction']
      const samples = function* (counts: readonly DatapathCount[]): Generator<Sample> {
        for (const count of counts) {
          if (count.isDrop !== (kind === 'drop')) continue
          const { reason, direction } = count
          yield [kind === 'drop' ? { reason, direction } : { direction }, count[unit]]
        }
      }
      atScrape(
        {
          name: `${kind}_${unit === 'packets' ? 'count' : 'bytes'}_total`,
          help: `${unit} that the datapath ${kind === 'drop' ? 'dropped' : 'forwarded'}`,
          labels,
          type: 'counter',
        },
        () => samples(datapathCounts(visible)),
      )
    }
  }
}

function countsBy(label: string, values: Iterable<string>): Sample[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return Array.from(counts, ([value, count]) => [{ [label]: value }, count])
}
