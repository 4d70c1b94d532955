import { type KvWrite, openEtcdKvstore } from '@axoneme/kvstore'
import { identityPaths, ipPrefix, nodeEntryOf, nodePrefix } from '@axoneme/kvstore-sync'
import type { Logger } from '@axoneme/log'
import { type World, worldCluster } from './world.ts'

/** etcd takes 128 operations in one transaction by default (--max-txn-ops). */
const writesPerCommit = 100
/** Each has a lease of its own, which it keeps alive. */
const clientCount = 16

/** Writes what the agents of the other nodes would have written, under leases that are kept alive while this process lives. */
export async function fillKvstore(
  world: World,
  { endpoint, log, signal }: { endpoint: string; log: Logger; signal: AbortSignal },
): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: clientCount }, () => openEtcdKvstore({ endpoints: [endpoint], log, signal })),
  )
  // One iterator for all: each client takes the next commit when its last one is done.
  const commits = batchesOf(entriesOf(world), writesPerCommit)
  await Promise.all(
    clients.map(async (client) => {
      for (const writes of commits) await client.commit({ conditions: [], writes }, { signal })
    }),
  )
}

function* entriesOf(world: World): Generator<KvWrite> {
  for (const [id, labels] of world.identities)
    yield { kind: 'put', key: `${identityPaths.idPrefix}${id}`, value: labels }
  for (const node of world.nodes()) {
    const { key, value } = nodeEntryOf(node)
    yield { kind: 'put', key: nodePrefix(worldCluster) + key, value, leased: true }
  }
  for (const pod of world.pods()) {
    const value = JSON.stringify({
      IP: pod.ip,
      Mask: null,
      HostIP: pod.hostIp,
      ID: pod.identity,
      Key: 0,
      Metadata: `cilium-global:${worldCluster}:${pod.nodeName}:${1 + (pod.identity % 4000)}`,
      K8sNamespace: pod.namespace,
      K8sPodName: pod.name,
    })
    yield { kind: 'put', key: ipPrefix(worldCluster) + pod.ip, value, leased: true }
  }
}

function* batchesOf<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
