import { keepCiliumNode } from '@axoneme/agent'
import type { Scope } from '@axoneme/lifecycle'
import type { Table } from '@axoneme/tables'
import { createHollowTable } from './hollow-table.ts'
import { type SourceOptions, startSources } from './sources.ts'

export type BootstrapOptions = Omit<SourceOptions, 'observe'> &
  Readonly<{
    /** Told each time a first state was read. */
    onStep: (step: string) => void
    /** Told of each failure of a list or a watch. */
    onFailure: (error: unknown) => void
  }>

/**
 * The start of an agent as far as the apiserver sees it: what it watches, and its CiliumNode. Resolves when a real agent
 * would have what it needs; what runs goes on until the scope closes.
 */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const { client, nodeName, onStep, onFailure, log, scope } = options
  const { signal } = scope
  const sources = startSources({
    ...options,
    observe(event) {
      if (event.kind === 'list') onStep(`read ${event.resource}`)
      else if (event.kind === 'failure') onFailure(event.error)
    },
  })
  const tables = {
    kubernetesNodes: sources.own,
    ciliumNodes: sources.ownCiliumNode,
    nodes: createHollowTable<never>('nodes'),
  }
  const config = { nodeName, nodeIp: '', ipamMode: 'cluster-pool' } as const
  const { running, reconciler } = keepCiliumNode({ client, tables, config, log, signal })
  scope.run(() => running)
  scope.use(reconciler)
  // The operator has given a range, and the agent has said which address it took out of it.
  await untilRow(sources.ownCiliumNode, { key: nodeName, isThere: hasRouterAddress, signal })
  for (const table of sources.all) await table.whenInitialized(signal)
}

function hasRouterAddress({ addresses }: { addresses: readonly { type: string }[] }): boolean {
  return addresses.some(({ type }) => type === 'CiliumInternalIP')
}

async function untilRow<Row>(
  table: Table<Row>,
  { key, isThere, signal }: { key: string; isThere: (row: Row) => boolean } & Pick<Scope, 'signal'>,
): Promise<void> {
  using changes = table.changes()
  for (;;) {
    const row = table.get(key)
    if (row !== undefined && isThere(row)) return
    changes.take()
    await changes.wait(signal)
  }
}
