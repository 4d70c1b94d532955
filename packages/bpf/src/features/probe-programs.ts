import { constants } from 'node:os'
import { E2BIG, EAGAIN, EINVAL } from '@axoneme/syscalls'
import { BpfAttr } from '../kernel/attr.ts'
import { type BpfCommands, bpfFailure } from '../kernel/command.ts'
import { Descriptor } from '../kernel/descriptor.ts'
import { type ProgramType, programTypeNumbers } from '../program/program-spec.ts'
import { code } from './insn.ts'
import { dataSectionBtf, globalFunctionBtf, u32s } from './probe-btf.ts'
import { createProbeMap } from './probe-maps.ts'

const attrSize = 144
const maxAttempts = 5
const probeName = 'axo_probe'
const { EACCES } = constants.errno

/** r0 = 0; exit */
const nothing = Buffer.concat([code.mov(0, 0), code.exit()])

/** Function and line records of a probe: one of each for a function, all of one file and line. */
type ProbeBtf = { fd: number; functions: readonly { at: number; type: number }[]; file: number; line: number }

type ProbeProgram = { insns: Buffer; type?: ProgramType | number; btf?: ProbeBtf }

/** Whether the kernel takes programs of the type. A number is a type as the kernel counts them. */
export function probeProgramType(type: ProgramType | number): (commands: BpfCommands) => boolean {
  return (commands) => isAccepted(tryLoad(commands, { insns: nothing, type }))
}

/**
 * Whether sched_cls programs may call the helper. It is called without arguments: EACCES is the answer to their being
 * missing, EINVAL to a helper that the kernel or the program type does not have.
 */
export function probeHelper(helper: number): (commands: BpfCommands) => boolean {
  const insns = Buffer.concat([code.callHelper(helper), code.mov(0, 0), code.exit()])
  return (commands) => {
    const result = tryLoad(commands, { insns })
    return result === -EACCES || isAccepted(result)
  }
}

/** Comparisons of 32 bits: what `-mcpu=v3` adds. */
export function probeCpuV3(commands: BpfCommands): boolean {
  const insns = Buffer.concat([code.mov(0, 0), code.ifBelow32(0, 1, 1), code.mov(0, 1), code.exit()])
  return isAccepted(tryLoad(commands, { insns }))
}

/** BTF of variables and data sections. */
export function probeBtf(commands: BpfCommands): boolean {
  return isAccepted(tryLoadBtf(commands, dataSectionBtf()))
}

/** Behind the end of the context's struct as the probe's BTF has it, and inside of the kernel's. */
const markOffset = 8

/**
 * A function that is verified by itself, with the context and a pointer to a struct as its arguments; and records of
 * functions and lines.
 */
export function probeGlobalFunctions(commands: BpfCommands): boolean {
  const { bytes, main, read, file, line } = globalFunctionBtf()
  const fd = tryLoadBtf(commands, bytes)
  if (fd < 0) return isAccepted(fd)
  using btf = new Descriptor(fd, 'probe btf')
  const caller = [code.movReg(2, 10), code.add(2, -8), code.store64(2, 0), code.callFunction(1), code.exit()]
  const callee = [code.load32(0, 1, markOffset), code.ifZero(2, 1), code.load32(0, 2), code.exit()]
  const functions = [
    { at: 0, type: main },
    { at: caller.length, type: read },
  ]
  const result = tryLoad(commands, {
    insns: Buffer.concat([...caller, ...callee]),
    btf: { fd: btf.fd, functions, file, line },
  })
  // EACCES: the context is taken for a pointer like others, as by a kernel without types of its own.
  return result === -EACCES ? false : isAccepted(result)
}

/** A tail call from a program that also calls functions. */
export function probeTailCallBesideFunctions(commands: BpfCommands): boolean {
  using map = createProbeMap(commands, 'prog_array')
  if (map === undefined) return false
  const caller = [
    code.movReg(6, 1),
    code.callFunction(7),
    code.movReg(1, 6),
    code.loadMap(2, map.fd),
    code.mov(3, 0),
    code.callHelper(12),
    code.mov(0, 0),
    code.exit(),
  ]
  return isAccepted(tryLoad(commands, { insns: Buffer.concat([...caller, nothing]) }))
}

/** A program that does nothing, for probes that attach it. */
export function loadProbeProgram(commands: BpfCommands): Descriptor {
  const fd = tryLoad(commands, { insns: nothing })
  if (fd < 0) throw bpfFailure('prog_load', probeName, -fd)
  return new Descriptor(fd, probeName)
}

/** Closes what was made. Throws when the errno does not say that this is unknown to the kernel. */
function isAccepted(result: number): boolean {
  if (result >= 0) {
    new Descriptor(result, probeName).close()
    return true
  }
  // E2BIG: the kernel's attr is shorter than ours and has no place for what we ask.
  if (result === -EINVAL || result === -E2BIG) return false
  throw bpfFailure('prog_load', probeName, -result)
}

function tryLoad(commands: BpfCommands, { insns, type = 'sched_cls', btf }: ProbeProgram): number {
  const attr = new BpfAttr(attrSize)
    .u32(0, typeof type === 'number' ? type : programTypeNumbers[type])
    .u32(4, insns.length / 8)
    .pointer(8, insns)
    .text(16, 'GPL')
    .name(48, probeName)
  if (btf !== undefined) addRecords(attr, btf)
  for (let attempt = 1; ; attempt++) {
    const result = commands.try('prog_load', probeName, attr.bytes)
    // The verifier gives up with EAGAIN when a signal is pending.
    if (result !== -EAGAIN || attempt === maxAttempts) return result
  }
}

/** `struct bpf_func_info` and `struct bpf_line_info`. */
function addRecords(attr: BpfAttr, { fd, functions, file, line }: ProbeBtf): void {
  const functionRecords = u32s(functions.flatMap(({ at, type }) => [at, type]))
  const lineRecords = u32s(functions.flatMap(({ at }) => [at, file, line, 1 << 10]))
  attr.u32(72, fd)
  attr.u32(76, 8).pointer(80, functionRecords).u32(88, functions.length)
  attr.u32(92, 16).pointer(96, lineRecords).u32(104, functions.length)
}

function tryLoadBtf(commands: BpfCommands, bytes: Buffer): number {
  return commands.try('btf_load', probeName, new BpfAttr(32).pointer(0, bytes).u32(16, bytes.length).bytes)
}
