import type { ApiServer } from '@axoneme/sandbox'

type Store = ApiServer['store']

/** What a kubelet does (KEP-589): its Lease every 10 s, its whole status every 5 min while nothing changes. */
const leasePeriodMs = 10_000
const statusPeriodMs = 300_000
const turnMs = 100

/** Every node's heartbeats, evenly spread over time, until the process ends. */
export function startHeartbeats(store: Store): void {
  const leases = inTurn(store.collection('coordination.k8s.io/leases'), leasePeriodMs)
  const nodes = inTurn(store.collection('/nodes'), statusPeriodMs)
  setInterval(() => {
    const now = new Date().toISOString()
    for (const lease of leases()) {
      store.collection('coordination.k8s.io/leases').put({
        ...lease,
        spec: { ...(lease.spec as object), renewTime: now.replace('Z', '000Z') },
      })
    }
    for (const node of nodes()) {
      const status = node.status as { conditions: object[] }
      const conditions = status.conditions.map((condition) => ({ ...condition, lastHeartbeatTime: now }))
      store.collection('/nodes').put({ ...node, status: { ...status, conditions } })
    }
  }, turnMs)
}

/** Each call gives the objects whose turn it is, so that all have had one after `periodMs`. */
function inTurn(collection: ReturnType<Store['collection']>, periodMs: number) {
  let due = 0
  let next = 0
  return () => {
    const objects = collection.sorted()
    due += (objects.length * turnMs) / periodMs
    const turn = []
    for (; due >= 1; due--) turn.push(objects[next++ % objects.length])
    return turn.filter((object) => object !== undefined)
  }
}
