import type { HealthAnswer } from '@axoneme/app-host'
import type { KvEndpoint } from '@axoneme/kvstore'
import type { Table } from '@axoneme/tables'
import type { OperatorConfig } from './config.ts'
import type { ElectionStatus } from './leadership/election.ts'
import { tasksOf } from './reflectors.ts'
import type { OperatorTables } from './tables.ts'

/** What is known while the operator starts and runs. */
export type OperatorState = {
  election: ElectionStatus
  customResources: boolean
  kvstoreConnected: boolean
  /** Empty until the kvstore is opened. */
  kvstoreEndpoints: readonly KvEndpoint[]
}

/** What must be there before this process could lead at once, and is not yet; in words for people. */
function waitingFor(
  { customResources, kvstoreConnected }: OperatorState,
  { tables, config }: { tables: OperatorTables; config: OperatorConfig },
): string[] {
  const tasks = tasksOf(config)
  const needed: [boolean, Pick<Table<unknown>, 'initialized' | 'name'>][] = [
    [tasks.nodeHandover || tasks.nodeReadiness, tables.nodes],
    [tasks.nodeReadiness, tables.agentPods],
    [tasks.podCidrs || tasks.nodeHandover, tables.ciliumNodes],
    [tasks.endpointGc, tables.pods],
    [tasks.endpointGc, tables.ciliumEndpoints],
    [tasks.nodeHandover, tables.storedNodes],
  ]
  return [
    ...(customResources ? [] : ['the leader to register the custom resources']),
    ...(kvstoreConnected ? [] : ['the kvstore']),
    ...needed.flatMap(([isNeeded, { initialized, name }]) =>
      isNeeded && !initialized ? [`the first list of ${name}`] : [],
    ),
  ]
}

function endpointHealth({ endpoint, state, role, detail }: KvEndpoint) {
  return { endpoint, state, role, detail }
}

/** The routes for probes: alive as long as it answers; ready, as leader or follower, once all it needs is there. */
export function healthRoutes(
  state: OperatorState,
  parts: { tables: OperatorTables; config: OperatorConfig },
): Record<string, () => HealthAnswer> {
  const body = () => {
    const { leading, holder, error } = state.election
    return {
      leading,
      leader: holder,
      waitingFor: waitingFor(state, parts),
      // Well as a whole as long as most of them are.
      kvstoreEndpoints: state.kvstoreEndpoints.map(endpointHealth),
      ...(error === undefined ? {} : { error }),
    }
  }
  return {
    '/healthz': () => ({ ok: true, body: body() }),
    '/readyz': () => {
      const answer = body()
      return { ok: answer.waitingFor.length === 0, body: answer }
    },
  }
}
