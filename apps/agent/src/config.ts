import { hostname } from 'node:os'
import { apiRateLimitOption } from '@axoneme/agent-api'
import { processOptions } from '@axoneme/app-host'
import { kvstoreOptions } from '@axoneme/kvstore'
import {
  boolean,
  type Config,
  defineOptions,
  duration,
  integer,
  ip,
  list,
  oneOf,
  path,
  string,
} from '@axoneme/options'

/** Every option of the agent. Names that Cilium has too are Cilium's. */
export const agentOptions = defineOptions({
  'node-name': string({ default: hostname(), help: 'this node, as the apiserver calls it' }),
  'cluster-name': string({ default: 'default', help: 'the cluster, as kvstore keys and identities call it' }),
  kubeconfig: path({
    default: '',
    help: 'credentials for the apiserver; empty: those of the service account',
  }),
  ...kvstoreOptions({ qps: 100 }),
  labels: list({
    default: [],
    help: 'which labels make identities, on top of Cilium’s default rules: [source:][!]expression each, as Cilium’s option',
  }),
  'routing-mode': oneOf(['native', 'tunnel'], {
    default: 'native',
    help: 'how packets reach other nodes: by their routes, or in VXLAN',
  }),
  'ipam-mode': oneOf(['cluster-pool', 'kubernetes'], {
    default: 'cluster-pool',
    help: 'who assigns the pod CIDR: the operator, or Kubernetes (Node spec.podCIDRs)',
  }),
  devices: list({ default: ['eth0'], help: 'devices that lead to other nodes' }),
  'node-ip': ip({ default: '', help: 'address of this node; empty: the InternalIP of its Node object' }),
  'state-dir': path({ default: '/run/axoneme', help: 'sockets and what a restart needs; root-only' }),
  'bpf-root': path({ default: '/sys/fs/bpf/axoneme', help: 'where maps and links are pinned' }),
  'template-dir': path({ default: '/var/lib/axoneme/templates', help: 'compiled datapath objects' }),
  clang: string({ default: 'clang', help: 'the C compiler' }),
  'endpoint-attachment': oneOf(['clsact', 'tcx'], {
    default: 'clsact',
    help: 'how programs get onto pods’ links: tcx cannot be taken off by others, and makes starting and ending a pod slower',
  }),
  'bpf-ct-global-max': integer({
    default: 131_072,
    min: 1024,
    max: 1 << 24,
    help: 'entries of the conntrack map',
  }),
  'bpf-policy-map-max': integer({
    default: 16_384,
    min: 256,
    max: 1 << 16,
    help: 'entries of an endpoint policy map',
  }),
  'cni-timeout': duration({
    default: 30_000,
    minMs: 1000,
    help: 'how long a CNI call may take once it is its turn',
  }),
  'api-rate-limit': apiRateLimitOption,
  'disable-endpoint-crd': boolean({
    default: false,
    help: 'write no CiliumEndpoint objects; nodes do not need them of each other',
  }),
  'metrics-address': string({ default: '127.0.0.1:9962', help: 'where Prometheus scrapes; empty: nowhere' }),
  ...processOptions,
})

export type AgentConfig = Config<typeof agentOptions>
