import { TemplateError } from '../errors.ts'
import { Instructions, pseudo } from '../plan/instructions.ts'
import type { ProgramPlan } from '../plan/object-plan.ts'

/** What the slots of a program are filled with, by name. */
export type SlotValues = Readonly<{
  /** Each as the 64-bit words that a load from memory would give, first word first. See encodeConstants. */
  constants: ReadonlyMap<string, readonly bigint[]>
  /** Descriptors of maps. */
  maps: ReadonlyMap<string, number>
  /** Descriptors of the maps that hold data sections. */
  data: ReadonlyMap<string, number>
}>

/** The program's instructions with all slots filled; the plan stays as it is. Throws TemplateError naming a gap. */
export function patchProgram(plan: ProgramPlan, values: SlotValues): Buffer {
  const insns = new Instructions(Buffer.from(plan.insns))
  for (const { insn, constant, word, addend } of plan.constantSlots) {
    const words = slotValue(values.constants, { plan, what: 'constant', name: constant })
    insns.setImmediate64(insn, BigInt.asUintN(64, (words[word] ?? 0n) + addend))
  }
  for (const { insn, map } of plan.mapSlots) {
    insns.setSource(insn, pseudo.mapFd)
    insns.setImmediate(insn, slotValue(values.maps, { plan, what: 'map', name: map }))
  }
  for (const { insn, section, offset } of plan.dataSlots) {
    insns.setSource(insn, pseudo.mapValue)
    insns.setImmediate(insn, slotValue(values.data, { plan, what: 'data section', name: section }))
    insns.setImmediate(insn + 1, offset)
  }
  return insns.bytes
}

function slotValue<T>(
  values: ReadonlyMap<string, T>,
  { plan, what, name }: { plan: ProgramPlan; what: string; name: string },
): T {
  const value = values.get(name)
  if (value === undefined) throw new TemplateError(`program ${plan.name}: no value for ${what} ${name}`)
  return value
}
