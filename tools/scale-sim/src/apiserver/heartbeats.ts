import type { ApiServer } from '@axoneme/sandbox'
import {
  beatsBetween,
  type HeartbeatPeriods,
  leaseNamespace,
  leaseObject,
  nodeName,
  withHeartbeat,
} from '../model/index.ts'

/**
 * Writes the heartbeats of the model's nodes into the store when they are due. As a kubelet's requests they would cost
 * this process more than what is measured, and reach the agents no differently.
 */
export function startHeartbeats(
  store: ApiServer['store'],
  { nodes, periods }: { nodes: number; periods: HeartbeatPeriods },
): Disposable & { readonly counts: { lease: number; status: number } } {
  const tickMs = 100
  const counts = { lease: 0, status: 0 }
  let fromMs = performance.now()
  const tick = () => {
    const toMs = performance.now()
    const now = new Date().toISOString()
    for (const { kind, node } of beatsBetween({ nodes, periods }, { fromMs, toMs })) {
      counts[kind]++
      if (kind === 'lease') {
        const leases = store.collection('coordination.k8s.io/leases')
        const lease = leases.get(`${leaseNamespace}/${nodeName(node)}`)
        if (lease !== undefined)
          leases.put({ ...lease, spec: leaseObject(node, now.replace('Z', '000Z')).spec })
        continue
      }
      const known = store.collection('/nodes').get(nodeName(node))
      if (known !== undefined) store.collection('/nodes').put(withHeartbeat(known, `${now.slice(0, 19)}Z`))
    }
    fromMs = toMs
  }
  const timer = setInterval(tick, tickMs)
  return { counts, [Symbol.dispose]: () => clearInterval(timer) }
}
