import type { ObjectPlan, ProgramPlan } from '@axoneme/bpf-templater'
import { InvariantError } from '../errors.ts'

const opcodeLoad64 = 0x18
const opcodeCall = 0x85
const pseudoCall = 1
const pseudoFunction = 4

/**
 * Every slot is a 64-bit load with nothing in it, what it names is there, and no instruction refers to something of
 * the process that loads it (a descriptor, a kernel function) other than through a slot.
 */
export function checkInstructions(program: ProgramPlan, plan: ObjectPlan): void {
  const { insns, name } = program
  const wrong = (what: string) => new InvariantError(`program ${name}: ${what}`)
  const slots = collectSlots(program, plan)
  const count = insns.length / 8
  if (count === 0 || !Number.isInteger(count)) throw wrong(`${insns.length} bytes of instructions`)
  let seen = 0
  for (let index = 0; index < count; index++) {
    const source = insns[index * 8 + 1]! >> 4
    const immediate = insns.readInt32LE(index * 8 + 4)
    const target = index + 1 + immediate
    const isInside = target >= 0 && target < count
    if (insns[index * 8] === opcodeCall) {
      if (source === pseudoCall ? !isInside : source !== 0) throw wrong(`call of kind ${source} to ${target}`)
    } else if (insns[index * 8] === opcodeLoad64) {
      if (index + 1 >= count) throw wrong('half an instruction at its end')
      if (slots.has(index)) {
        seen++
        if (source !== 0 || immediate !== 0 || insns.readInt32LE(index * 8 + 12) !== 0)
          throw wrong(`slot ${index} is not empty`)
      } else if (source === pseudoFunction ? !isInside : source !== 0) {
        throw wrong(`load of kind ${source} at ${index} without a slot`)
      }
      index++
    }
  }
  if (seen !== slots.size) throw wrong('a slot that is no 64-bit load')
}

/** Throws InvariantError when two slots are at one place or one names what is not there. */
function collectSlots(program: ProgramPlan, plan: ObjectPlan): Set<number> {
  const wrong = (what: string) => new InvariantError(`program ${program.name}: ${what}`)
  const maps = new Set(plan.maps.map(({ spec }) => spec.name))
  const sizes = new Map(plan.data.map(({ section, bytes }) => [section, bytes.length]))
  const bits = new Map(plan.constants.map((constant) => [constant.name, constant.bits]))
  for (const { map } of program.mapSlots) if (!maps.has(map)) throw wrong(`no map ${map}`)
  for (const { section, offset } of program.dataSlots) {
    const size = sizes.get(section) ?? 0
    if (!(Number.isInteger(offset) && offset >= 0 && offset < size))
      throw wrong(`offset ${offset} of ${size} bytes in ${section}`)
  }
  for (const { constant, word } of program.constantSlots) {
    if (word * 64 >= (bits.get(constant) ?? 0)) throw wrong(`no word ${word} of constant ${constant}`)
  }
  const all = [...program.mapSlots, ...program.dataSlots, ...program.constantSlots].map(({ insn }) => insn)
  const slots = new Set(all)
  if (slots.size !== all.length) throw wrong('two slots at one instruction')
  return slots
}
