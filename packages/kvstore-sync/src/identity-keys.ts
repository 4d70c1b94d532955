import { hash } from 'node:crypto'
import { clusterIdentityRange, type IdentityId, parseLabels } from '@axoneme/identity'
import type { CallOptions, KvCommit, Kvstore } from '@axoneme/kvstore'
import { parseIdentityId } from './identity-table.ts'
import { identityPaths } from './paths.ts'

/** The keys of identities in the store and the commits that keep them consistent. `labels` is the sorted string. */

/** What all slave keys of a label set start with. */
export function slavePrefix(labels: string): string {
  return `${identityPaths.valuePrefix}${labels}/`
}

export function masterKey(id: IdentityId): string {
  return identityPaths.idPrefix + id
}

export function lockPath(labels: string): string {
  return identityPaths.lockPrefix + labels
}

/** Where the last identity is told of that was made for these labels, or for others of the same shard; 4,096 there are. */
export function creationKey(labels: string): string {
  return identityPaths.createdPrefix + hash('sha1', labels, 'hex').slice(0, 3)
}

/** Marks `id` as used by the node, if the master key still says that it means `labels`. */
export function joinCommit({ id, labels, nodeSuffix }: Use): KvCommit {
  return {
    conditions: [{ kind: 'value', key: masterKey(id), value: labels }],
    writes: [slaveWrite({ id, labels, nodeSuffix })],
  }
}

/** Puts back a master key that somebody removed although the identity, and no other for these labels, is in use. */
export function restoreCommit({ id, labels, nodeSuffix }: Use): KvCommit {
  return {
    conditions: [{ kind: 'absent', key: masterKey(id) }],
    writes: creationWrites({ id, labels, nodeSuffix }),
  }
}

/**
 * A new identity, master and slave key at once: never two meanings of a number, never a second number for labels
 * that are in use, and no master key without a slave key to clean up after a failure.
 */
export function createCommit({ id, labels, nodeSuffix }: Use): KvCommit {
  return {
    conditions: [
      { kind: 'absent', key: masterKey(id) },
      { kind: 'prefix-empty', prefix: slavePrefix(labels) },
    ],
    writes: creationWrites({ id, labels, nodeSuffix }),
  }
}

/**
 * The same without the lock: only while nobody holds it or waits for it, and only if no identity was made for labels of
 * the shard since its creation key had `creationRevision` (0: there was none).
 */
export function createUnlockedCommit(use: Use, creationRevision: number): KvCommit {
  const { conditions, writes } = createCommit(use)
  return {
    conditions: [
      ...conditions,
      { kind: 'prefix-empty', prefix: `${lockPath(use.labels)}/` },
      { kind: 'unchanged', key: creationKey(use.labels), modRevision: creationRevision },
    ],
    writes,
  }
}

/** Removes an identity that no node uses; `modRevision` is that of the master key when it was read. */
export function removeCommit({
  id,
  labels,
  modRevision,
}: {
  id: IdentityId
  labels: string
  modRevision: number
}): KvCommit {
  return {
    conditions: [
      { kind: 'unchanged', key: masterKey(id), modRevision },
      { kind: 'prefix-empty', prefix: slavePrefix(labels) },
    ],
    writes: [{ kind: 'delete', key: masterKey(id) }],
  }
}

/** The identities that nodes use for these labels, lowest first; more than one only after somebody else's writes. */
export async function usedIdentities(
  store: Pick<Kvstore, 'listPrefix'>,
  labels: string,
  options: CallOptions,
): Promise<IdentityId[]> {
  const prefix = slavePrefix(labels)
  const ids = new Set<IdentityId>()
  for (const { key, value } of await store.listPrefix(prefix, options)) {
    const id = parseIdentityId(value)
    if (id !== undefined && !key.slice(prefix.length).includes('/')) ids.add(id)
  }
  return [...ids].sort((a, b) => a - b)
}

/** Identities created after `createdAfter` that mean these labels, lowest first. */
export async function createdIdentities(
  store: Pick<Kvstore, 'listPrefix'>,
  labels: string,
  options: CallOptions & { createdAfter: number },
): Promise<IdentityId[]> {
  const { idPrefix } = identityPaths
  const ids: IdentityId[] = []
  for (const { key, value } of await store.listPrefix(idPrefix, options)) {
    const id = parseIdentityId(key.slice(idPrefix.length))
    if (id !== undefined && value === labels) ids.push(id)
  }
  return ids.sort((a, b) => a - b)
}

export function isClusterIdentity(id: IdentityId): boolean {
  return id >= clusterIdentityRange.min && id <= clusterIdentityRange.max
}

/** Whether `labels` can be part of a key as it is. */
export function isAllocatable(labels: string): boolean {
  return labels !== '' && parseLabels(labels) !== undefined
}

type Use = Readonly<{ id: IdentityId; labels: string; nodeSuffix: string }>

function creationWrites({ id, labels, nodeSuffix }: Use) {
  return [
    { kind: 'put', key: masterKey(id), value: labels },
    slaveWrite({ id, labels, nodeSuffix }),
    { kind: 'put', key: creationKey(labels), value: String(id) },
  ] as const
}

function slaveWrite({ id, labels, nodeSuffix }: Use) {
  return { kind: 'put', key: slavePrefix(labels) + nodeSuffix, value: String(id), leased: true } as const
}
