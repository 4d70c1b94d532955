import { createCiliumNodeTable, createNodeTable } from '@axoneme/k8s-watchers'
import { createKnownNodeTable, createStoredNodeTable } from '@axoneme/kvstore-sync'
import { createAgentPodTable } from './agent-pods.ts'
import { createCiliumEndpointTable, createPodPresenceTable } from './endpoint-rows.ts'

/** Kept by followers too, so that one that begins to lead begins at once. */
export type OperatorTables = ReturnType<typeof createTables>

export function createTables() {
  return {
    nodes: createNodeTable(),
    ciliumNodes: createCiliumNodeTable(),
    agentPods: createAgentPodTable(),
    pods: createPodPresenceTable(),
    ciliumEndpoints: createCiliumEndpointTable(),
    knownNodes: createKnownNodeTable(),
    storedNodes: createStoredNodeTable(),
  }
}
