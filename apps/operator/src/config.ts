import { processOptions } from '@axoneme/app-host'
import {
  type Config,
  cidrList,
  defineOptions,
  duration,
  integer,
  list,
  oneOf,
  path,
  string,
} from '@axoneme/options'

/** Every option of the operator. Names that Cilium has too are Cilium's. */
export const operatorOptions = defineOptions({
  'cluster-name': string({ default: 'default', help: 'the cluster, as kvstore keys call it' }),
  kubeconfig: path({
    default: '',
    help: 'credentials for the apiserver; empty: those of the service account',
  }),
  'kvstore-endpoints': list({ help: 'URLs of etcd' }),
  'ipam-mode': oneOf(['cluster-pool', 'kubernetes'], {
    default: 'cluster-pool',
    help: 'who assigns pod CIDRs: this operator, or Kubernetes',
  }),
  'cluster-pool-ipv4-cidr': cidrList({
    default: ['10.0.0.0/8'],
    help: 'prefixes that pod CIDRs are cut from',
  }),
  'cluster-pool-ipv4-mask-size': integer({ default: 24, min: 8, max: 30, help: 'prefix length of a node' }),
  'identity-gc-interval': duration({
    default: 600_000,
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
