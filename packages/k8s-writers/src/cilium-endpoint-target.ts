import { isDeepStrictEqual } from 'node:util'
import type { Pace } from '@axoneme/backoff'
import type { K8sClient } from '@axoneme/k8s-client'
import type { Target } from '@axoneme/reconciler'
import type { Table } from '@axoneme/tables'
import { type CiliumEndpointContent, ciliumEndpointKey } from './cilium-endpoint.ts'
import { deleteCiliumEndpoint } from './delete-cilium-endpoint.ts'
import {
  createCiliumEndpoint,
  hasCiliumEndpoint,
  patchCiliumEndpoint,
  type WrittenEndpoint,
} from './write-cilium-endpoint.ts'

/** What this node wrote, by key; it outlives the process. */
export type EndpointRecords = {
  keys(): readonly string[]
  get(key: string): WrittenEndpoint | undefined
  set(key: string, written: WrittenEndpoint): void
  delete(key: string): void
}

/**
 * [cilium-endpoints] -> apiserver. The records say what the apiserver has, so an agent that restarts neither writes nor
 * asks when nothing changed: with a list each, thousands of agents that restart together would have every object of the
 * cluster looked through for each of them. One object after the other is compared with the apiserver at each prune,
 * which finds what somebody else changed.
 */
export function ciliumEndpointTarget({
  client,
  table,
  records,
  pace,
}: {
  client: K8sClient
  table: Table<CiliumEndpointContent>
  records: EndpointRecords
  /** Between two writes. */
  pace: Pace
}): Target<CiliumEndpointContent> {
  const write = async (content: CiliumEndpointContent, signal: AbortSignal) => {
    const key = ciliumEndpointKey(content)
    if (isDeepStrictEqual(records.get(key)?.content, content)) return
    await pace(signal)
    // What came while this waited goes along.
    const wanted = table.get(key) ?? content
    const call = { client, signal }
    const last = records.get(key)
    const patched = last && (await patchCiliumEndpoint(last, wanted, call))
    if (patched === undefined) records.delete(key)
    records.set(key, patched ?? (await createCiliumEndpoint(wanted, call)))
  }
  const remove = async (key: string, signal: AbortSignal) => {
    const written = records.get(key)
    // What was never written, or only perhaps, goes with its pod.
    if (written === undefined) return
    await pace(signal)
    const { namespace, name } = written.content
    await deleteCiliumEndpoint({ client, namespace, name, uid: written.uid, signal })
    records.delete(key)
  }
  let prunes = 0
  return {
    update: write,
    delete: (key, _row, signal) => remove(key, signal),
    async prune(rows, signal) {
      for (const key of records.keys()) if (!table.has(key)) await remove(key, signal)
      // Not at the start: agents that restart together would all ask.
      const row = prunes++ === 0 ? undefined : rows[prunes % rows.length]
      const written = row && records.get(ciliumEndpointKey(row))
      if (row === undefined || written === undefined) return
      if (await hasCiliumEndpoint(written, { client, signal })) return
      records.delete(ciliumEndpointKey(row))
      await write(row, signal)
    },
  }
}
