import type { K8sClient } from '@axoneme/k8s-client'
import type { DaemonStatus, Instance } from '@axoneme/sandbox'
import type { Checks } from '../checks.ts'
import type { Kubectl } from '../kubectl.ts'
import type { Printer } from '../printer.ts'

/** What every scene works with. */
export type Stage = Readonly<{
  instance: Instance
  client: K8sClient
  kubectl: Kubectl
  printer: Printer
  checks: Checks
  signal: AbortSignal
  /** The daemon's own account, fresh. */
  status: () => Promise<DaemonStatus>
}>

/**
 * How long silence is waited for until it counts as denied. Longer than the first retransmission of a SYN (1 s), so
 * that one lost packet on a busy machine does not look like a policy.
 */
export const silenceMs = 1_700
