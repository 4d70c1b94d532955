import {
  type ConstantPlan,
  type ConstantValue,
  encodeConstants,
  type ObjectPlan,
  type ProgramPlan,
  patchProgram,
  TemplateError,
} from '@axoneme/bpf-templater'
import { InvariantError } from '../errors.ts'
import type { Random } from '../random.ts'

/**
 * Fills the slots of all programs with random values: every slot holds its value and no other byte is changed, in the
 * copy or in the plan. A value that is missing or too wide is refused. Throws InvariantError.
 */
export function checkPatches(plan: ObjectPlan, random: Random): void {
  const given = Object.fromEntries(
    plan.constants.map((constant) => [constant.name, randomValue(constant, random)]),
  )
  const values = {
    constants: encodeConstants(given, plan.constants),
    maps: new Map(plan.maps.map(({ spec }, index) => [spec.name, index + 3])),
    data: new Map(plan.data.map(({ section }, index) => [section, index + 1000])),
  }
  for (const program of plan.programs) {
    const before = Buffer.from(program.insns)
    const patched = patchProgram(program, values)
    if (!before.equals(program.insns))
      throw new InvariantError(`program ${program.name}: patching changed the plan`)
    const expected = expectedInstructions(program, values)
    if (!expected.equals(patched))
      throw new InvariantError(`program ${program.name}: patched to other instructions than expected`)
    refuses(() => patchProgram(program, { ...values, maps: new Map() }), program.mapSlots.length > 0)
    refuses(
      () => patchProgram(program, { ...values, constants: new Map() }),
      program.constantSlots.length > 0,
    )
  }
  for (const { name, bits } of plan.constants) {
    refuses(() => encodeConstants(Object.fromEntries([[name, 1n << BigInt(bits)]]), plan.constants), true)
    refuses(() => encodeConstants(Object.fromEntries([[name, -1]]), plan.constants), true)
  }
}

type Values = Parameters<typeof patchProgram>[1]

/** Written apart from patchProgram: 32-bit halves instead of 64-bit immediates. */
function expectedInstructions(program: ProgramPlan, { constants, maps, data }: Values): Buffer {
  const bytes = Buffer.from(program.insns)
  for (const { insn, constant, word, addend } of program.constantSlots) {
    const value = BigInt.asUintN(64, constants.get(constant)![word]! + addend)
    bytes.writeUInt32LE(Number(value % 2n ** 32n), insn * 8 + 4)
    bytes.writeUInt32LE(Number(value / 2n ** 32n), insn * 8 + 12)
  }
  for (const { insn, map } of program.mapSlots) {
    bytes[insn * 8 + 1]! |= 0x10
    bytes.writeUInt32LE(maps.get(map)!, insn * 8 + 4)
  }
  for (const { insn, section, offset } of program.dataSlots) {
    bytes[insn * 8 + 1]! |= 0x20
    bytes.writeUInt32LE(data.get(section)!, insn * 8 + 4)
    bytes.writeUInt32LE(offset, insn * 8 + 12)
  }
  return bytes
}

function randomValue({ bits }: ConstantPlan, random: Random): ConstantValue {
  const bytes = Buffer.alloc(bits / 8)
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.next()
  if (random.oneIn(2)) return bytes
  const number = BigInt(`0x${bytes.toString('hex')}`)
  return bits <= 48 ? Number(number) : number
}

function refuses(action: () => unknown, expected: boolean): void {
  try {
    action()
  } catch (error) {
    if (error instanceof TemplateError && expected) return
    throw error
  }
  if (expected) throw new InvariantError('a value that is missing or does not fit is not refused')
}
