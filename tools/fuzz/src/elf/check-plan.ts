import { parseBtf } from '@axoneme/bpf'
import type { MapPlan, ObjectPlan, ProgramBtfPlan } from '@axoneme/bpf-templater'
import { InvariantError } from '../errors.ts'
import { checkInstructions } from './check-instructions.ts'

const maxU32 = 0xffff_ffff
/** Instructions of all programs of an object; an object may be far smaller, as programs share functions. */
const maxInstructionBytes = 32 * 1024 * 1024

/** Throws InvariantError when the plan breaks a promise of ObjectPlan, or one that the kernel relies on. */
export function checkPlan(plan: ObjectPlan): void {
  const { license, programs, maps, data, constants, btf } = plan
  check(license.length > 0 && license.length < 128, 'license')
  check(programs.length > 0, 'no program')
  checkUnique('program', programs)
  checkUnique(
    'data section',
    data.map(({ section: name }) => ({ name })),
  )
  checkUnique(
    'map',
    maps.map(({ spec }) => spec),
  )
  checkUnique('constant', constants)
  const names = constants.map(({ name }) => name)
  check(names.join() === names.toSorted().join(), 'constants are not sorted')
  const used = new Set(programs.flatMap(({ constantSlots }) => constantSlots.map(({ constant }) => constant)))
  for (const name of names) check(used.has(name), `constant ${name} has no slot`)
  const bytes = programs.reduce((sum, { insns }) => sum + insns.length, 0)
  check(bytes <= maxInstructionBytes, `${bytes} bytes of instructions`)
  for (const program of programs) {
    checkInstructions(program, plan)
    if (program.btf !== undefined) checkProgramBtf(program.btf, program.insns.length / 8)
  }
  for (const map of maps) checkMap(map)
  if (btf !== undefined) checkBtf(btf, maps)
}

function checkUnique(what: string, things: readonly { name: string }[]): void {
  const names = new Set(things.map(({ name }) => name))
  check(names.size === things.length, `two of a ${what} have one name`)
  for (const name of names) check(/^\P{Cc}+$/u.test(name), `the name ${JSON.stringify(name)} of a ${what}`)
}

function checkMap({ spec }: MapPlan): void {
  for (const field of ['keySize', 'valueSize', 'maxEntries', 'flags'] as const) {
    const value = spec[field]
    check(Number.isInteger(value) && value >= 0 && value <= maxU32, `map ${spec.name}: ${field} is ${value}`)
  }
}

/** As check_btf_func and check_btf_line of the kernel's verifier want it. */
function checkProgramBtf(
  { funcInfo, funcInfoSize, lineInfo, lineInfoSize }: ProgramBtfPlan,
  insns: number,
): void {
  for (const [what, bytes, recordSize] of [
    ['function', funcInfo, funcInfoSize],
    ['line', lineInfo, lineInfoSize],
  ] as const) {
    check(bytes.length % recordSize === 0, `${what} records of ${recordSize} bytes in ${bytes.length}`)
    let last = -1
    for (let at = 0; at < bytes.length; at += recordSize) {
      const insn = bytes.readUInt32LE(at)
      check(insn > last && insn < insns, `${what} record at ${insn} behind ${last}, of ${insns} instructions`)
      last = insn
    }
  }
  check(funcInfo.readUInt32LE(0) === 0, 'the first function record is not at the first instruction')
}

function checkBtf(bytes: Buffer, maps: readonly MapPlan[]): void {
  const { types } = parseBtf(bytes)
  for (const { spec, btfTypes } of maps) {
    if (btfTypes === undefined) continue
    const { keyTypeId, valueTypeId } = btfTypes
    check(keyTypeId < types.length && valueTypeId < types.length, `map ${spec.name}: its types are not there`)
  }
  for (const type of types) {
    if (type.kind !== 'datasec') continue
    let end = 0
    for (const { offset, size } of type.variables) {
      check(offset >= end, `section ${type.name}: a variable at ${offset}, the one before ends at ${end}`)
      end = offset + size
    }
    check(end <= type.size, `section ${type.name}: variables up to ${end} of ${type.size} bytes`)
  }
}

function check(isSo: boolean, what: string): void {
  if (!isSo) throw new InvariantError(what)
}
