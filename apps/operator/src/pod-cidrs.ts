import { allocatePodCidrs } from '@axoneme/ipam'
import type { K8sClient } from '@axoneme/k8s-client'
import { patchCiliumNodePodCidrs } from '@axoneme/k8s-writers'
import type { Logger } from '@axoneme/log'
import { addressFamily } from '@axoneme/net-types'
import { type ReconcileRun, type Reconciler, startReconciler } from '@axoneme/reconciler'
import type { SlimCiliumNode } from '@axoneme/slim-types'
import { createTable, derive, type Table } from '@axoneme/tables'
import type { OperatorConfig } from './config.ts'

type Assignment = Readonly<{ node: string; cidr: string }>

/**
 * [cilium-nodes] -> [pod-cidrs] -> CiliumNode spec.ipam.podCIDRs: each node gets one prefix out of the pools and keeps
 * it. Problems that a person must solve are logged when they appear. `given` is what the apiserver had when this
 * process began to lead: the table may not know yet what the leader before wrote last.
 */
export function assignPodCidrs({
  ciliumNodes,
  given,
  client,
  config,
  log,
  signal,
  observe,
}: {
  ciliumNodes: Table<SlimCiliumNode>
  given: ReadonlyMap<string, string>
  client: K8sClient
  config: OperatorConfig
  log: Logger
  signal: AbortSignal
  observe?: (run: ReconcileRun) => void
}): { running: Promise<void>; reconciler: Reconciler<Assignment> } {
  const assignments = createTable<Assignment>({
    name: 'pod-cidrs',
    key: (row) => row.node,
    equals: (a, b) => a.cidr === b.cidr,
  })
  let problems = ''
  const notSeenYet = new Map(given)
  const recompute = () => {
    const recorded = recordedCidrs(ciliumNodes.rows())
    for (const node of recorded.keys()) notSeenYet.delete(node)
    const pending = [...assignments.rows()].map(({ node, cidr }) => [node, cidr] as const)
    pending.push(...notSeenYet)
    const plan = allocatePodCidrs({
      pools: config.clusterPoolIpv4Cidr,
      maskSize: config.clusterPoolIpv4MaskSize,
      existing: withPending(recorded, pending),
      nodes: ciliumNodes.keys(),
    })
    const missing = [...plan.assigned].filter(([node]) => !recorded.has(node) && !notSeenYet.has(node))
    assignments.replaceAll(missing.map(([node, cidr]) => ({ node, cidr })))
    const found = JSON.stringify([plan.conflicts, plan.unassigned])
    if (found !== problems && plan.conflicts.length + plan.unassigned.length > 0) {
      log.error('pod CIDRs need a decision', {
        conflicts: plan.conflicts,
        poolsExhaustedFor: plan.unassigned,
      })
    }
    problems = found
  }
  const running = derive({ sources: [ciliumNodes], recompute, signal })
  const reconciler = startReconciler<Assignment>({
    name: 'pod-cidrs',
    observe,
    table: assignments,
    log,
    signal,
    target: {
      async update({ node, cidr }, signal) {
        const outcome = await patchCiliumNodePodCidrs({ client, name: node, podCidrs: [cidr], signal })
        log.info('pod CIDR', { node, cidr, outcome: outcome.kind })
      },
      // The node has its prefix now, or is gone.
      delete: () => {},
    },
  })
  return { running, reconciler }
}

/**
 * What counts as given: what nodes have on record, and what is being written to others. Without the latter a node that
 * appears before the record of an earlier one came back would be planned the same prefix.
 */
export function withPending(
  recorded: ReadonlyMap<string, string>,
  pending: Iterable<readonly [node: string, cidr: string]>,
): Map<string, string> {
  const taken = new Set(recorded.values())
  return new Map([...[...pending].filter(([, cidr]) => !taken.has(cidr)), ...recorded])
}

/** The prefix of each node that has one. */
export function recordedCidrs(nodes: Iterable<SlimCiliumNode>): Map<string, string> {
  return new Map([...nodes].flatMap((node) => recordedCidr(node)))
}

function recordedCidr(node: SlimCiliumNode): [string, string][] {
  const cidr = node.podCIDRs.find((text) => addressFamily(text.split('/')[0] ?? '') === 4)
  return cidr === undefined ? [] : [[node.name, cidr]]
}
