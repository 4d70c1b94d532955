import { Counter, Gauge, type Registry } from 'prom-client'
import { type DatapathCount, datapathCounts } from './datapath-counts.ts'
import type { Visible } from './views.ts'

/** Registers the metrics that are read when Prometheus scrapes. */
export function watchState(registry: Registry, visible: Visible): void {
  const { tables } = visible
  const registers = [registry]
  const size = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  size('cilium_endpoint_count', 'endpoints of this node', () => tables.endpoints.size)
  size('cilium_identity_count', 'identities known', () => tables.identities.size)
  size('cilium_policy_count', 'network policies', () => tables.networkPolicies.size)
  size('cilium_policy_max_revision', 'changes of the policies so far', () => tables.networkPolicies.revision)
  size(
    'cilium_policy_import_errors',
    'parts of policies that are not applied',
    () => tables.policyErrors.size,
  )
  size('cilium_nodes_all_num', 'nodes known', () => tables.nodes.size)
  size('cilium_services_count', 'service addresses', () => tables.frontends.size)
  size('cilium_ip_addresses', 'pod addresses in use', () => tables.endpoints.size)
  new Gauge({
    name: 'cilium_policy_endpoint_enforcement_status',
    help: 'endpoints by the directions in which policy is enforced',
    labelNames: ['enforcement'],
    registers,
    collect() {
      this.reset()
      for (const { enforceIngress, enforceEgress } of tables.policies.rows()) {
        const both = enforceIngress && enforceEgress
        const enforcement = both ? 'both' : enforceIngress ? 'ingress' : enforceEgress ? 'egress' : 'none'
        this.inc({ enforcement })
      }
    },
  })
  for (const kind of ['drop', 'forward'] as const) {
    watchDatapath(registry, { kind, unit: 'packets', read: () => datapathCounts(visible) })
    watchDatapath(registry, { kind, unit: 'bytes', read: () => datapathCounts(visible) })
  }
}

function watchDatapath(
  registry: Registry,
  {
    kind,
    unit,
    read,
  }: { kind: 'drop' | 'forward'; unit: 'packets' | 'bytes'; read: () => readonly DatapathCount[] },
): void {
  new Counter({
    name: `cilium_${kind}_${unit === 'packets' ? 'count' : 'bytes'}_total`,
    help: `${unit} that the datapath ${kind === 'drop' ? 'dropped' : 'forwarded'}`,
    labelNames: kind === 'drop' ? ['reason', 'direction'] : ['direction'],
    registers: [registry],
    collect() {
      // The kernel counts; the counter here repeats its absolute values.
      this.reset()
      for (const count of read()) {
        if (count.isDrop !== (kind === 'drop')) continue
        const { reason, direction } = count
        this.inc(kind === 'drop' ? { reason, direction } : { direction }, count[unit])
      }
    },
  })
}
