/** Program types by number, `enum bpf_prog_type` in linux/bpf.h. */
export const programTypeNumbers = {
  socket_filter: 1,
  sched_cls: 3,
  sched_act: 4,
  xdp: 6,
  cgroup_skb: 8,
  cgroup_sock: 9,
  sock_ops: 13,
  cgroup_sock_addr: 18,
} as const

export type ProgramType = keyof typeof programTypeNumbers

/** Function and line records as the kernel takes them: instruction offsets count instructions, not bytes. */
export type ProgramBtf = Readonly<{
  /** A loaded BTF that the records refer to. */
  fd: number
  funcInfo: Buffer
  funcInfoSize: number
  lineInfo: Buffer
  lineInfoSize: number
}>

/** What a program is, before it is loaded. */
export type ProgramSpec = Readonly<{
  name: string
  type: ProgramType
  /** 8 bytes each, with descriptors of maps in place. */
  insns: Buffer
  license: string
  btf?: ProgramBtf
  /** `enum bpf_attach_type`, for types that want to know at load time. */
  expectedAttachType?: number
}>
