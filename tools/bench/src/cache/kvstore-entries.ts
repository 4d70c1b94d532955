import { openEtcdKvstore } from '@axoneme/kvstore'
import type { Logger } from '@axoneme/log'
import { fillKvstore } from '@axoneme/scale-sim/fill'
import type { ClusterShape } from '@axoneme/scale-sim/model'

/** Each has a lease of its own, which it keeps alive. */
const clientCount = 16

/** Writes what the agents of the other nodes would have written, under leases that are kept alive while this process lives. */
export async function writeOtherNodes(
  shape: ClusterShape,
  { endpoint, log, signal }: { endpoint: string; log: Logger; signal: AbortSignal },
): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: clientCount }, () => openEtcdKvstore({ endpoints: [endpoint], log, signal })),
  )
  await fillKvstore(clients, { shape, signal })
}
