import type { MapSpec, ProgramType } from '@axoneme/bpf'

/** An object file as data: everything that loading needs, equal on every machine. Buffers are not to be changed. */
export type ObjectPlan = Readonly<{
  license: string
  programs: readonly ProgramPlan[]
  maps: readonly MapPlan[]
  /** Read-only data sections, which programs read through a frozen array map each. */
  data: readonly DataPlan[]
  /** What must be given for every instance, sorted by name. */
  constants: readonly ConstantPlan[]
  /** Complete for BPF_BTF_LOAD; there when the object was compiled with -g. */
  btf?: Buffer
}>

/** A constant that programs read, as the C declares it. The order is the one that its bytes have in memory. */
export type ConstantPlan = Readonly<{
  name: string
  /** 8, 16, 32, 48, 64 or 128. */
  bits: number
  order: 'host' | 'network'
}>

/** A program with its subprograms behind it. `insn` is an index of an instruction in `insns`. */
export type ProgramPlan = Readonly<{
  name: string
  section: string
  type: ProgramType
  expectedAttachType?: number
  /** Calls are resolved; the slots hold zeros. */
  insns: Buffer
  mapSlots: readonly Readonly<{ insn: number; map: string }>[]
  dataSlots: readonly Readonly<{ insn: number; section: string; offset: number }>[]
  /**
   * `word` 0 takes the first eight bytes of the constant in memory, 1 those behind them. `addend` is what the compiler
   * adds to them.
   */
  constantSlots: readonly Readonly<{ insn: number; constant: string; word: number; addend: bigint }>[]
  btf?: ProgramBtfPlan
}>

/** As the kernel takes them: instruction offsets count instructions from the start of the program. */
export type ProgramBtfPlan = Readonly<{
  funcInfo: Buffer
  funcInfoSize: number
  lineInfo: Buffer
  lineInfoSize: number
}>

/** A map of the `.maps` section. The type ids refer to the object's BTF. */
export type MapPlan = Readonly<{
  spec: MapSpec
  pinning: 'none' | 'by-name'
  btfTypes?: Readonly<{ keyTypeId: number; valueTypeId: number }>
}>

export type DataPlan = Readonly<{ section: string; bytes: Buffer }>
