import type { EndpointDatapathRow } from '@axoneme/datapath'
import type { EndpointPolicyRow, PolicyRun } from '@axoneme/policy'
import type { ReconcileStatus } from '@axoneme/reconciler'
import type { Table } from '@axoneme/tables'

/** Measures how long changes of policies take until the datapath of every endpoint of this node enforces them. */
export type PolicyDelay = Readonly<{
  /** A policy changed in the table. */
  changed(): void
  /** The policies of the endpoints were computed; with what had changed before, if the run took policies in. */
  computed(run: Pick<PolicyRun, 'changes'>): void
  /** Looks whether what was computed is enforced now. */
  check(): void
}>

type Realised = Pick<Table<ReconcileStatus<Pick<EndpointDatapathRow, 'policy'>>>, 'get'>

export function createPolicyDelay({
  policies,
  realised,
  onImplemented,
  nowMs = () => performance.now(),
}: {
  policies: Pick<Table<EndpointPolicyRow>, 'keys' | 'get'>
  /** What the datapath made of the policies; undefined before it runs. */
  realised: () => Realised | undefined
  onImplemented: (delayMs: number) => void
  nowMs?: () => number
}): PolicyDelay {
  /** When the changes came that no run has taken in yet, and those that are not enforced yet. */
  let notComputed: number[] = []
  let notEnforced: number[] = []
  const isEnforced = (key: string) => {
    const status = realised()?.get(key)
    return status?.state === 'done' && status.row.policy === policies.get(key)
  }
  const check = () => {
    if (notEnforced.length === 0) return
    for (const key of policies.keys()) if (!isEnforced(key)) return
    const now = nowMs()
    for (const sinceMs of notEnforced) onImplemented(now - sinceMs)
    notEnforced = []
  }
  return {
    changed: () => void notComputed.push(nowMs()),
    computed({ changes }) {
      if (changes.policies === 0) return
      notEnforced.push(...notComputed)
      notComputed = []
      check()
    },
    check,
  }
}
