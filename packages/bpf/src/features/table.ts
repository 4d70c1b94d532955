import { readFileSync } from 'node:fs'
import { arch } from 'node:process'
import { tcxAttachTypes } from '../attach/tcx-link.ts'
import type { MapType } from '../map/map-spec.ts'
import type { Feature } from './feature.ts'
import { probeBatch, probeFrozenMaps, probeMapType } from './probe-maps.ts'
import { probeClsact, probeDeviceAttachType, probeVeth, probeVxlan } from './probe-network.ts'
import {
  probeBtf,
  probeCpuV3,
  probeGlobalFunctions,
  probeHelper,
  probeProgramType,
  probeTailCallBesideFunctions,
} from './probe-programs.ts'

const required = { kind: 'required' } as const

/**
 * Everything of the kernel that Axoneme uses, in the order in which people read it.
 *
 * Versions: helpers, map types and commands from "BPF Features by Linux Kernel Version" (iovisor/bcc,
 * docs/kernel-versions.md); others by the commits that brought them: 092ed0968bb6 (32-bit comparisons, 5.1), 1dc92851849c
 * (BTF of variables and sections, 5.2), e5069b9c23b3 (pointers as arguments of global functions, 5.12), ebf7d1f508a7 and
 * d4609a5d8c70 (tail calls beside functions, 5.10 on x86-64 and 6.0 on arm64), f56387c534f0 (batches on tries, 5.13),
 * e420bed02507 (tcx, 6.6), ee122c79d422 (VXLAN with tunnels from metadata, 4.3).
 */
const table = [
  {
    name: 'program_sched_cls',
    title: 'BPF programs of traffic control',
    since: '4.1',
    usedFor: 'every program of the datapath',
    need: required,
    config: 'CONFIG_BPF_SYSCALL',
    probe: probeProgramType('sched_cls'),
  },
  {
    name: 'cpu_v3',
    title: 'BPF instructions of cpu v3',
    since: '5.1',
    usedFor: 'every program of the datapath',
    need: required,
    probe: probeCpuV3,
  },
  {
    name: 'btf',
    title: 'BTF of variables and data sections',
    since: '5.2',
    usedFor: 'every program of the datapath',
    need: required,
    probe: probeBtf,
  },
  {
    name: 'global_functions',
    title: 'BPF functions that are verified by themselves',
    since: '5.12',
    usedFor: 'what programs of the datapath share',
    need: required,
    config: 'CONFIG_DEBUG_INFO_BTF',
    probe: probeGlobalFunctions,
  },
  {
    name: 'tail_call_beside_functions',
    title: 'BPF tail calls in programs that call functions',
    since: arch === 'arm64' ? '6.0' : '5.10',
    usedFor: 'delivery to pods of the node',
    need: required,
    config: 'CONFIG_BPF_JIT and net.core.bpf_jit_enable=1',
    probe: probeTailCallBesideFunctions,
  },
  mapFeature('hash', { since: '3.19', usedFor: 'endpoints and services' }),
  mapFeature('array', { since: '3.19', usedFor: 'constant data and policy epochs' }),
  mapFeature('prog_array', { since: '4.2', usedFor: 'tail calls to the programs of pods' }),
  mapFeature('percpu_hash', { since: '4.6', usedFor: 'counters of packets' }),
  mapFeature('lru_hash', { since: '4.10', usedFor: 'conntrack and fragments' }),
  mapFeature('lpm_trie', { since: '4.11', usedFor: 'policies and the ipcache' }),
  mapFeature('ringbuf', { since: '5.8', usedFor: 'events of the datapath' }),
  {
    name: 'map_freeze',
    title: 'BPF maps that nothing can write',
    since: '5.2',
    usedFor: 'constant data of programs',
    need: required,
    probe: probeFrozenMaps,
  },
  {
    name: 'map_batch',
    title: 'BPF batch operations on hash maps',
    since: '5.6',
    usedFor: 'reading and writing many entries at once',
    need: { kind: 'optional', without: 'one call for each entry' },
    probe: probeBatch('hash'),
  },
  {
    name: 'map_batch_trie',
    title: 'BPF batch operations on tries',
    since: '5.13',
    usedFor: 'reading and writing many policy and ipcache entries at once',
    need: { kind: 'optional', without: 'one call for each entry' },
    probe: probeBatch('lpm_trie'),
  },
  helperFeature(1, 'map_lookup_elem', { since: '3.19', usedFor: 'every decision' }),
  helperFeature(2, 'map_update_elem', { since: '3.19', usedFor: 'conntrack' }),
  helperFeature(3, 'map_delete_elem', { since: '3.19', usedFor: 'conntrack' }),
  helperFeature(5, 'ktime_get_ns', { since: '4.1', usedFor: 'lifetimes of connections' }),
  helperFeature(7, 'get_prandom_u32', { since: '4.1', usedFor: 'the choice of a backend' }),
  helperFeature(9, 'skb_store_bytes', { since: '4.1', usedFor: 'address translation' }),
  helperFeature(10, 'l3_csum_replace', { since: '4.1', usedFor: 'address translation' }),
  helperFeature(11, 'l4_csum_replace', { since: '4.1', usedFor: 'address translation' }),
  helperFeature(12, 'tail_call', { since: '4.2', usedFor: 'delivery to pods of the node' }),
  helperFeature(20, 'skb_get_tunnel_key', {
    since: '4.3',
    usedFor: 'identities of packets out of the tunnel',
  }),
  helperFeature(21, 'skb_set_tunnel_key', { since: '4.3', usedFor: 'packets into the tunnel' }),
  helperFeature(23, 'redirect', { since: '4.4', usedFor: 'packets into the tunnel' }),
  helperFeature(26, 'skb_load_bytes', { since: '4.5', usedFor: 'reading packets' }),
  helperFeature(28, 'csum_diff', { since: '4.6', usedFor: 'translation inside of ICMP errors' }),
  helperFeature(32, 'skb_change_type', { since: '4.8', usedFor: 'packets that the stack routes' }),
  helperFeature(39, 'skb_pull_data', { since: '4.9', usedFor: 'reading packets' }),
  helperFeature(131, 'ringbuf_reserve', { since: '5.8', usedFor: 'events of the datapath' }),
  helperFeature(132, 'ringbuf_submit', { since: '5.8', usedFor: 'events of the datapath' }),
  helperFeature(155, 'redirect_peer', { since: '5.10', usedFor: 'delivery to pods of the node' }),
  {
    name: 'bpffs',
    title: 'the BPF file system',
    since: '4.4',
    usedFor: 'a datapath that outlives the agent',
    need: required,
    config: 'CONFIG_BPF_SYSCALL',
    probe: probeBpffs,
  },
  {
    name: 'tcx',
    title: 'tcx links',
    since: '6.6',
    usedFor: 'attaching programs so that nobody else can take them away',
    need: { kind: 'optional', without: 'clsact' },
    config: 'CONFIG_NET_XGRESS',
    probe: probeDeviceAttachType(tcxAttachTypes.ingress),
  },
  {
    name: 'clsact',
    title: 'clsact filters',
    since: '4.5',
    usedFor: 'attaching programs',
    need: { kind: 'fallback', of: 'tcx' },
    config: 'CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF',
    probe: probeClsact,
  },
  {
    name: 'veth',
    title: 'veth devices',
    since: '2.6.24',
    usedFor: 'the interfaces of pods',
    need: required,
    config: 'CONFIG_VETH',
    probe: probeVeth,
  },
  {
    name: 'vxlan',
    title: 'VXLAN devices whose packets carry their tunnel',
    since: '4.3',
    usedFor: 'routing-mode tunnel',
    need: { kind: 'optional', without: 'routing-mode native alone' },
    config: 'CONFIG_VXLAN',
    probe: probeVxlan,
  },
] as const satisfies readonly Feature[]

export type FeatureName = (typeof table)[number]['name']

export const allFeatures: readonly (Feature & { name: FeatureName })[] = table

type Facts = { since: string; usedFor: string }

function mapFeature<const T extends MapType>(mapType: T, facts: Facts) {
  return {
    name: `map_${mapType}` as const,
    title: `BPF maps of type ${mapType}`,
    ...facts,
    need: required,
    mapType,
    probe: probeMapType(mapType),
  }
}

function helperFeature<const T extends string>(helper: number, name: T, facts: Facts) {
  return {
    name: `helper_${name}` as const,
    title: `the BPF helper bpf_${name}`,
    ...facts,
    need: required,
    helper,
    probe: probeHelper(helper),
  }
}

/** The kernel's own list: a mount to try would be seen by other processes. */
function probeBpffs(): boolean {
  return /^nodev\tbpf$/m.test(readFileSync('/proc/filesystems', 'utf8'))
}

export function featureNamed(name: FeatureName): Feature {
  const found = allFeatures.find((feature) => feature.name === name)
  if (found === undefined) throw new TypeError(`no feature is called ${name}`)
  return found
}
