import { EAGAIN, ENOSPC, EPERM, SyscallError } from '@axoneme/syscalls'
import { ProgramRejectedError } from '../errors.ts'
import { findMissingForProgram, KernelFeatureError } from '../features/missing.ts'
import { BpfAttr } from '../kernel/attr.ts'
import type { BpfCommands } from '../kernel/command.ts'
import { adoptDescriptor } from '../kernel/descriptor.ts'
import { programInfo } from '../kernel/object-info.ts'
import { BpfProgram } from './program.ts'
import { type ProgramSpec, programTypeNumbers } from './program-spec.ts'

const attrSize = 144
const maxAttempts = 5
const firstLogBytes = 64 * 1024
const maxLogBytes = 64 * 1024 * 1024
const noLog = Buffer.alloc(0)

/**
 * Loads a program beside this thread: the verifier takes milliseconds, and on another processor for each program. Without
 * a verifier log as that is the fast way; when it is refused, loads it again for the log. Throws ProgramRejectedError
 * with the log, SyscallError when the failure is not the verifier's.
 */
export async function loadProgram(commands: BpfCommands, spec: ProgramSpec): Promise<BpfProgram> {
  const attr = loadAttr(spec, noLog)
  const result = await commands.tryAside('prog_load', spec.name, attr)
  return finishLoad(commands, spec, result)
}

/** The same on this thread, which waits. */
export function loadProgramSync(commands: BpfCommands, spec: ProgramSpec): BpfProgram {
  return finishLoad(commands, spec, tryLoad(commands, spec, noLog))
}

/** What takes long when a load succeeded is over; one that failed is repeated here, as is rare. */
function finishLoad(commands: BpfCommands, spec: ProgramSpec, result: number): BpfProgram {
  const fd = result < 0 ? loadForLog(commands, spec, -result) : result
  return adoptDescriptor(fd, () => {
    const { id, tag } = programInfo(commands, fd)
    return new BpfProgram(commands, { fd, id, name: spec.name, tag })
  })
}

/** Returns a descriptor in the rare case that the second attempt succeeds. */
function loadForLog(commands: BpfCommands, spec: ProgramSpec, firstErrno: number): number {
  for (let logBytes = firstLogBytes; ; logBytes *= 4) {
    const log = Buffer.alloc(logBytes)
    const result = tryLoad(commands, spec, log)
    if (result >= 0) return result
    if (result === -ENOSPC && logBytes < maxLogBytes) continue
    const text = log.toString('utf8', 0, log.indexOf(0))
    // A log that did not fit says nothing about the program: the first errno does.
    const errno = result === -ENOSPC ? firstErrno : -result
    throw loadFailure(commands, spec, { errno, log: text })
  }
}

function tryLoad(commands: BpfCommands, spec: ProgramSpec, log: Buffer): number {
  const attr = loadAttr(spec, log)
  for (let attempt = 1; ; attempt++) {
    const result = commands.try('prog_load', spec.name, attr)
    // The verifier gives up with EAGAIN when a signal is pending.
    if (result !== -EAGAIN || attempt === maxAttempts) return result
  }
}

function loadAttr(spec: ProgramSpec, log: Buffer): Buffer {
  const attr = new BpfAttr(attrSize)
    .u32(0, programTypeNumbers[spec.type])
    .u32(4, spec.insns.length / 8)
    .pointer(8, spec.insns)
    .text(16, spec.license)
    .u32(24, log.length === 0 ? 0 : 1)
    .u32(28, log.length)
    .pointer(32, log)
    .name(48, spec.name)
    .u32(68, spec.expectedAttachType ?? 0)
  if (spec.btf !== undefined) {
    const { fd, funcInfo, funcInfoSize, lineInfo, lineInfoSize } = spec.btf
    attr.u32(72, fd)
    if (funcInfo.length > 0) {
      attr
        .u32(76, funcInfoSize)
        .pointer(80, funcInfo)
        .u32(88, funcInfo.length / funcInfoSize)
    }
    if (lineInfo.length > 0) {
      attr
        .u32(92, lineInfoSize)
        .pointer(96, lineInfo)
        .u32(104, lineInfo.length / lineInfoSize)
    }
  }
  return attr.bytes
}

/** Without a log it was not the verifier that refused: the program was not even looked at. */
function loadFailure(
  commands: BpfCommands,
  spec: ProgramSpec,
  { errno, log }: { errno: number; log: string },
): Error {
  const missing = findMissingForProgram(commands, spec, errno)
  const refusal = new SyscallError('bpf prog_load', spec.name, errno, hintFor(errno))
  const cause = missing === undefined ? refusal : new KernelFeatureError([missing], { cause: refusal })
  if (log === '') return cause
  return new ProgramRejectedError(spec.name, log, { refusal, cause })
}

function hintFor(errno: number): { hint?: string } {
  return errno === EPERM ? { hint: 'loading programs needs CAP_BPF and CAP_NET_ADMIN, or root' } : {}
}
