import { jitteredPeriod, type RetryPolicy, retry } from '@axoneme/backoff'
import { createJson, K8sApiError, type K8sClient, patchJson } from '@axoneme/k8s-client'
import { sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { microTime, type NodeFacts, nodeObject, nodeStatus } from './node-object.ts'

/** A kubelet's own periods: the lease every 10 s, the whole status every 5 min (KEP-589). */
const leasePeriod = { baseMs: 10_000, jitter: 0.1 }
const statusPeriod = { baseMs: 300_000, jitter: 0.1 }
const leaseDurationSeconds = 40
const policy: RetryPolicy = { minMs: 100, maxMs: 5_000 }

export type NodeRegistration = {
  /** Tells what the node's network waits for; empty: nothing, pods may come. */
  setWaitingFor(step: string): void
  /** Registers, then keeps the status and the lease fresh until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

export function createNodeRegistration(
  facts: NodeFacts,
  { client, log }: { client: K8sClient; log: Logger },
): NodeRegistration {
  let waitingFor = 'the agent'
  let transitionTime = new Date().toISOString()
  let changed = () => {}

  const persist = (action: string, operation: () => Promise<unknown>, signal: AbortSignal) =>
    retry(operation, {
      ...policy,
      signal,
      onRetry: (error, attempt) => log.warn(`${action} failed`, { node: facts.name, attempt, error }),
    })

  const register = async (signal: AbortSignal) => {
    await createJson(client, '/api/v1/nodes', { body: nodeObject(facts), signal }).catch(
      async (error: unknown) => {
        if (statusOf(error) !== 409) throw error
        const { metadata } = nodeObject(facts)
        await patchJson(client, `/api/v1/nodes/${facts.name}`, {
          type: 'strategic',
          body: { metadata },
          signal,
        })
      },
    )
  }

  const keepStatus = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      const change = new Promise<void>((resolve) => {
        changed = resolve
      })
      const now = new Date().toISOString()
      const status = nodeStatus(facts, { waitingFor, now, transitionTime })
      const write = () =>
        patchJson(client, `/api/v1/nodes/${facts.name}/status`, {
          type: 'strategic',
          body: { status },
          signal,
        })
      await persist('writing the node status', write, signal)
      await Promise.race([change, sleep(jitteredPeriod(statusPeriod), { signal })])
    }
  }

  const keepLease = async (signal: AbortSignal) => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    while (!signal.aborted) {
      const spec = { holderIdentity: facts.name, leaseDurationSeconds, renewTime: microTime(Date.now()) }
      const renew = () =>
        patchJson(client, `${leases}/${facts.name}`, { type: 'merge', body: { spec }, signal })
      await persist(
        'renewing the lease',
        () =>
          renew().catch((error: unknown) => {
            if (statusOf(error) !== 404) throw error
            return createJson(client, leases, { body: leaseObject(facts.name, spec), signal })
          }),
        signal,
      )
      await sleep(jitteredPeriod(leasePeriod), { signal })
    }
  }

  return {
    setWaitingFor(step) {
      if (step === waitingFor) return
      if ((step === '') !== (waitingFor === '')) transitionTime = new Date().toISOString()
      waitingFor = step
      changed()
    },
    async run(signal) {
      await persist('registering the node', () => register(signal), signal)
      await Promise.all([keepStatus(signal), keepLease(signal)])
    },
  }
}

function leaseObject(name: string, spec: object): object {
  const metadata = { name, namespace: 'kube-node-lease' }
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof K8sApiError ? error.status : undefined
}
