import type { Kvstore } from '@axoneme/kvstore'
import {
  type SharedStore,
  startIdentityWatcher,
  startIpWatcher,
  startNodeWatcher,
} from '@axoneme/kvstore-sync'
import type { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { createOwnIps } from './own-keys.ts'
import type { AgentTables } from './tables.ts'

/** kvstore -> tables: all identities, addresses and nodes; and what publishes this node's own addresses there. */
export function startKvstoreSources({
  store,
  tables,
  cluster,
  nodeCount,
  log,
  scope,
}: {
  store: Kvstore
  tables: AgentTables
  cluster: string
  nodeCount: () => number
  log: Logger
  scope: Scope
}): { store: Kvstore; ownIps: SharedStore } {
  const ownIps = createOwnIps({ store, cluster, nodeCount, log, scope })
  const watch = { store, log, signal: scope.signal }
  scope.use(startIdentityWatcher({ ...watch, table: tables.identities }))
  scope.use(
    startIpWatcher({
      ...watch,
      table: tables.ips,
      cluster,
      afterEvent: (event) => ownIps.observe(event),
    }),
  )
  scope.use(startNodeWatcher({ ...watch, table: tables.nodes, cluster }))
  return { store, ownIps }
}
