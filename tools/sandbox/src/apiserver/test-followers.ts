import { createTables as createAgentTables, startReflectors as startAgentReflectors } from '@axoneme/agent'
import { openK8sClient } from '@axoneme/k8s-client'
import { writeKubeconfig } from '@axoneme/k8s-client/testing'
import type { Reflector, ReflectorSettings } from '@axoneme/k8s-watchers'
import { Scope } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import {
  createTables as createOperatorTables,
  operatorOptions,
  startReflectors as startOperatorReflectors,
} from '@axoneme/operator'
import { parseOptions } from '@axoneme/options'
import type { Table } from '@axoneme/tables'

/** The tables that an agent and an operator fill from an apiserver, with the reflectors that they have for them. */
export type Followers = AsyncDisposable &
  Readonly<{
    reflectors: readonly Reflector[]
    /** By name; what the reflectors fill, once each of them has been whole. */
    tables(): ReadonlyMap<string, Table<object>>
  }>

export async function startFollowers(url: string, settings: ReflectorSettings): Promise<Followers> {
  const scope = new Scope('followers')
  try {
    const { path } = scope.use(await writeKubeconfig(url))
    const client = scope.use(await openK8sClient({ kubeconfigPath: path, userAgent: 'followers' }))
    const log = createLogger({ sink: () => {} })
    const agent = createAgentTables()
    const operator = createOperatorTables()
    const { config } = parseOptions(operatorOptions, { argv: ['--kvstore-endpoints', 'http://127.0.0.1:1'] })
    const common = { client, log, scope, settings }
    const reflectors = [
      ...startAgentReflectors({ ...common, tables: agent, nodeName: 'node-1', observe: () => {} }),
      ...startOperatorReflectors({ ...common, tables: operator, config }),
    ]
    const named = (prefix: string, tables: Readonly<Record<string, Table<object>>>) =>
      Object.entries(tables).map(([name, table]) => [`${prefix} ${name}`, table] as const)
    const all = [...named('agent', agent), ...named('operator', operator)]
    return {
      reflectors,
      tables: () => new Map(all.filter(([, table]) => table.initialized)),
      [Symbol.asyncDispose]: () => scope.close(),
    }
  } catch (error) {
    await scope.close()
    throw error
  }
}

/** What a row says beside the version that it was last changed in. */
function slimForm(row: object): unknown {
  return JSON.parse(JSON.stringify(row, (key, value) => (key === 'resourceVersion' ? undefined : value)))
}

/** Every table's rows by key, to be compared. */
export function contentOf(followers: Followers): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    [...followers.tables()].map(([name, table]) => {
      const rows = [...table.keys()].map((key) => [key, slimForm(table.get(key) ?? {})] as const)
      return [name, Object.fromEntries(rows)]
    }),
  )
}
