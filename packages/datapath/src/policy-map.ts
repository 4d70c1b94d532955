import { type BpfKernel, type BpfMap, MapFullError, MapShapeError, type MapSpec, unpin } from '@axoneme/bpf'
import type { EncodedPolicyEntry } from './policy-entry.ts'

export type PolicyMapChange = Readonly<{ added: number; removed: number }>

/**
 * The map that is pinned for an endpoint, or a new one. One of another shape, as after a change of the size option, is
 * replaced: the programs that use it keep it until they are replaced themselves.
 */
export function openPolicyMap(kernel: BpfKernel, { path, spec }: { path: string; spec: MapSpec }): BpfMap {
  try {
    return kernel.getOrCreatePinnedMap(path, spec)
  } catch (error) {
    if (!(error instanceof MapShapeError)) throw error
    unpin(path)
    return kernel.getOrCreatePinnedMap(path, spec)
  }
}

/**
 * Makes the map equal to `entries`. The map itself is the memory, so nothing can accumulate in it. New entries come
 * before old ones go, so that what is allowed before and after is allowed all the time; what is no longer allowed goes
 * in any case. Throws MapFullError when there is no room even then: what is missing is denied.
 */
export function applyPolicyEntries(map: BpfMap, entries: readonly EncodedPolicyEntry[]): PolicyMapChange {
  const missing = new Map(entries.map((entry) => [entry.key.toString('latin1'), entry]))
  const stale: Buffer[] = []
  for (const [key, value] of map.entries()) {
    const id = key.toString('latin1')
    const want = missing.get(id)
    if (want === undefined) stale.push(key)
    else if (want.value.equals(value)) missing.delete(id)
  }
  const additions = Array.from(missing.values(), ({ key, value }) => [key, value] as const)
  const failure = attempt(() => map.updateBatch(additions))
  const removed = map.deleteBatch(stale)
  if (failure !== undefined) {
    if (!(failure.error instanceof MapFullError)) throw failure.error
    map.updateBatch(additions)
  }
  return { added: additions.length, removed }
}

function attempt(run: () => void): { error: unknown } | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return { error }
  }
}
