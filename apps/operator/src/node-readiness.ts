import type { K8sClient } from '@axoneme/k8s-client'
import { markNetworkAvailable, writeNodeTaint } from '@axoneme/k8s-writers'
import type { Logger } from '@axoneme/log'
import { type ReconcileRun, type Reconciler, startReconciler } from '@axoneme/reconciler'
import type { ResourceVersion, SlimNode } from '@axoneme/slim-types'
import { createTable, follow, type Table } from '@axoneme/tables'
import type { AgentPod } from './agent-pods.ts'
import type { OperatorConfig } from './config.ts'

/** What must be written about a node so that pods come to it when, and only when, its agent is ready. */
export type NodeFix = Readonly<{
  name: string
  /** The taint must be there (true) or gone (false); undefined: it is as it should be, or not ours to decide. */
  taint: boolean | undefined
  markAvailable: boolean
  /** Of the node's last change that mattered: a fix that somebody undid is made again. */
  resourceVersion: ResourceVersion
}>

export type NodeReadinessOptions = Pick<
  OperatorConfig,
  'removeCiliumNodeTaints' | 'setCiliumNodeTaints' | 'setCiliumIsUpCondition' | 'agentNotReadyTaintKey'
>

/** Undefined when all is as it should be. A node without an agent's pod is left alone. */
export function nodeFix(
  node: SlimNode | undefined,
  agents: readonly AgentPod[],
  options: NodeReadinessOptions,
): NodeFix | undefined {
  if (node === undefined || agents.length === 0) return undefined
  const ready = agents.some((agent) => agent.ready)
  const tainted = node.taints.some(({ key }) => key === options.agentNotReadyTaintKey)
  const taint =
    ready && tainted && options.removeCiliumNodeTaints
      ? false
      : !ready && !tainted && options.setCiliumNodeTaints
        ? true
        : undefined
  const markAvailable = ready && options.setCiliumIsUpCondition && node.networkUnavailable !== 'False'
  if (taint === undefined && !markAvailable) return undefined
  return { name: node.name, taint, markAvailable, resourceVersion: node.resourceVersion }
}

/** [nodes] x [agent-pods] -> taint and condition of the Nodes. */
export function keepNodeReadiness({
  nodes,
  agentPods,
  client,
  options,
  log,
  signal,
  observe,
}: {
  nodes: Table<SlimNode>
  agentPods: Table<AgentPod>
  client: K8sClient
  options: NodeReadinessOptions
  log: Logger
  signal: AbortSignal
  observe?: (run: ReconcileRun) => void
}): { running: Promise<void>; reconciler: Reconciler<NodeFix> } {
  const fixes = createTable<NodeFix>({
    name: 'node-fixes',
    key: (row) => row.name,
    equals: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  })
  const running = follow({
    sources: { nodes, agentPods },
    apply: (changes) => {
      const names = new Set(changes.nodes.map(({ key }) => key))
      for (const { row } of changes.agentPods) names.add(row.nodeName)
      for (const name of names) {
        const fix = nodeFix(nodes.get(name), agentPods.byIndex('node', name), options)
        if (fix === undefined) fixes.delete(name)
        else fixes.upsert(fix)
      }
    },
    signal,
  })
  const reconciler = startReconciler<NodeFix>({
    name: 'node-readiness',
    observe,
    table: fixes,
    log,
    signal,
    concurrency: 4,
    target: {
      async update({ name, taint, markAvailable }, signal) {
        // The condition first: a scheduler that looks at either waits for the later one.
        if (markAvailable) await markNetworkAvailable({ client, name, now: new Date(), signal })
        if (taint !== undefined) {
          const key = options.agentNotReadyTaintKey
          await writeNodeTaint({ client, name, key, present: taint, signal })
        }
        log.info('node readiness written', { node: name, taint, markAvailable })
      },
      // The node is as it should be now, or is gone.
      delete: () => {},
    },
  })
  return { running, reconciler }
}
