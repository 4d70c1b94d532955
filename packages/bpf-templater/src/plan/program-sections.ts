import type { ProgramType } from '@axoneme/bpf'
import { ElfError } from '../errors.ts'

type SectionKind = Readonly<{ type: ProgramType; expectedAttachType?: number }>

/** Section names by libbpf's conventions; attach types are `enum bpf_attach_type` of linux/bpf.h. */
const kinds: Readonly<Record<string, SectionKind>> = {
  tc: { type: 'sched_cls' },
  tcx: { type: 'sched_cls' },
  classifier: { type: 'sched_cls' },
  action: { type: 'sched_act' },
  xdp: { type: 'xdp' },
  socket: { type: 'socket_filter' },
  sockops: { type: 'sock_ops' },
  'cgroup_skb/ingress': { type: 'cgroup_skb', expectedAttachType: 0 },
  'cgroup_skb/egress': { type: 'cgroup_skb', expectedAttachType: 1 },
  'cgroup/connect4': { type: 'cgroup_sock_addr', expectedAttachType: 10 },
  'cgroup/connect6': { type: 'cgroup_sock_addr', expectedAttachType: 11 },
  'cgroup/sendmsg4': { type: 'cgroup_sock_addr', expectedAttachType: 14 },
  'cgroup/sendmsg6': { type: 'cgroup_sock_addr', expectedAttachType: 15 },
  'cgroup/recvmsg4': { type: 'cgroup_sock_addr', expectedAttachType: 19 },
  'cgroup/recvmsg6': { type: 'cgroup_sock_addr', expectedAttachType: 20 },
  'cgroup/getpeername4': { type: 'cgroup_sock_addr', expectedAttachType: 29 },
  'cgroup/getpeername6': { type: 'cgroup_sock_addr', expectedAttachType: 30 },
}

/** What a program section holds: by its whole name, else by the part before the first slash. */
export function programSectionKind(section: string): SectionKind {
  for (const name of [section, section.replace(/\/.*$/s, '')]) {
    if (Object.hasOwn(kinds, name)) return kinds[name]!
  }
  throw new ElfError(`section ${section} is no known kind of program`, {
    hint: `known are ${Object.keys(kinds).join(', ')}`,
  })
}
