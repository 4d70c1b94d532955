import { follow, type Table } from '@axoneme/tables'

type NodeEvent = Readonly<{ type: 'add' | 'update' | 'delete' }>

/** Tells what happens to the nodes that are known, until the signal aborts; first that each is there. */
export async function followNodes(
  nodes: Table<unknown>,
  { onEvent, signal }: { onEvent: (event: NodeEvent) => void; signal: AbortSignal },
): Promise<void> {
  const known = new Set<string>()
  await follow<{ nodes: unknown }>({
    sources: { nodes },
    apply(changes) {
      for (const { kind, key } of changes.nodes) {
        const type = kind === 'delete' ? 'delete' : known.has(key) ? 'update' : 'add'
        if (type === 'delete') known.delete(key)
        else known.add(key)
        onEvent({ type })
      }
    },
    signal,
  })
}
