import { processOptions } from '@axoneme/app-host'
import { kvstoreOptions } from '@axoneme/kvstore'
import { CodedError } from '@axoneme/lifecycle'
import {
  boolean,
  type Config,
  cidrList,
  defineOptions,
  duration,
  integer,
  oneOf,
  path,
  string,
} from '@axoneme/options'
import { operatorIntervals } from './intervals.ts'

/** Every option of the operator. Names that Cilium has too are Cilium's. */
export const operatorOptions = defineOptions({
  'cluster-name': string({ default: 'default', help: 'the cluster, as kvstore keys call it' }),
  kubeconfig: path({
    default: '',
    help: 'credentials for the apiserver; empty: those of the service account',
  }),
  ...kvstoreOptions({ qps: 1000 }),
  'ipam-mode': oneOf(['cluster-pool', 'kubernetes'], {
    default: 'cluster-pool',
    help: 'who assigns pod CIDRs: this operator, or Kubernetes',
  }),
  'cluster-pool-ipv4-cidr': cidrList({
    default: ['10.0.0.0/8'],
    help: 'prefixes that pod CIDRs are cut from',
  }),
  'cluster-pool-ipv4-mask-size': integer({ default: 24, min: 8, max: 30, help: 'prefix length of a node' }),
  'k8s-namespace': string({ default: 'kube-system', help: 'where the operator runs, and its lease is' }),
  'leader-election-lease-duration': duration({
    default: 15_000,
    minMs: 1000,
    help: 'how long others leave a leader alone that no longer renews its lease; whole seconds',
  }),
  'leader-election-renew-deadline': duration({
    default: 10_000,
    minMs: 500,
    help: 'how long a leader goes on that cannot renew; at most two thirds of the lease duration',
  }),
  'leader-election-retry-period': duration({
    default: operatorIntervals.leaderElection.period.baseMs,
    minMs: 50,
    help: 'between two looks at the lease; less than half of the renew deadline',
  }),
  'synchronize-k8s-nodes': boolean({
    default: true,
    help: 'keep the node entries in the kvstore of nodes whose agents do not publish them',
  }),
  'cilium-endpoint-gc-interval': duration({
    default: operatorIntervals.endpointGc.period.baseMs,
    help: 'between two looks for CiliumEndpoints without a pod; 0s: never',
  }),
  'remove-cilium-node-taints': boolean({
    default: true,
    help: 'remove the taint of nodes whose agent is ready',
  }),
  'set-cilium-node-taints': boolean({
    default: false,
    help: 'taint nodes whose agent is scheduled and not ready',
  }),
  'set-cilium-is-up-condition': boolean({
    default: true,
    help: 'set the condition NetworkUnavailable of nodes whose agent is ready to False',
  }),
  'agent-not-ready-taint-key': string({
    default: 'node.cilium.io/agent-not-ready',
    help: 'the taint that keeps pods from nodes without a network',
  }),
  'cilium-pod-namespace': string({ default: '', help: 'where agents run; empty: k8s-namespace' }),
  'cilium-pod-labels': string({
    default: 'app.kubernetes.io/name=axoneme-agent',
    help: 'label selector of the agents’ pods',
  }),
  'identity-gc-interval': duration({
    default: operatorIntervals.identityGc.period.baseMs,
    minMs: 1000,
    help: 'between two looks for unused identities',
  }),
  'identity-gc-rate-limit': integer({
    default: 2500,
    min: 1,
    help: 'unused identities removed in each identity-gc-rate-interval; more when more are created',
  }),
  'identity-gc-rate-interval': duration({ default: 60_000, minMs: 1000, help: 'see identity-gc-rate-limit' }),
  'metrics-address': string({ default: '127.0.0.1:9963', help: 'where Prometheus scrapes; empty: nowhere' }),
  ...processOptions,
})

export type OperatorConfig = Config<typeof operatorOptions>

/** Throws OPERATOR_OPTIONS when options contradict each other. */
export function checkOptions(config: OperatorConfig): void {
  const { leaderElectionLeaseDuration: lease, leaderElectionRenewDeadline: renew } = config
  const problem =
    lease % 1000 !== 0
      ? 'leader-election-lease-duration is no whole number of seconds'
      : renew * 3 > lease * 2
        ? 'leader-election-renew-deadline is more than two thirds of leader-election-lease-duration'
        : config.leaderElectionRetryPeriod * 2 >= renew
          ? 'leader-election-retry-period is not less than half of leader-election-renew-deadline'
          : undefined
  if (problem !== undefined) throw new CodedError('OPERATOR_OPTIONS', problem)
}
