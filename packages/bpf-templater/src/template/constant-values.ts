import { TemplateError } from '../errors.ts'
import { formatName } from '../plan/constants.ts'
import type { ConstantPlan } from '../plan/object-plan.ts'

/**
 * What a person reads in it, whatever order the program asks for: 10.0.0.1 is 0x0a000001 or the bytes 10, 0, 0, 1.
 * Bytes are those of the whole width, the most significant first.
 */
export type ConstantValue = number | bigint | Uint8Array

/**
 * The values in the order and the words that the programs ask for, by name. Throws TemplateError naming a value that
 * has no slot or does not fit its width. That a slot has no value is found when a program with that slot is patched.
 */
export function encodeConstants(
  given: Readonly<Record<string, ConstantValue>>,
  constants: readonly ConstantPlan[],
): Map<string, readonly bigint[]> {
  const byName = new Map(constants.map((constant) => [constant.name, constant]))
  return new Map(
    Object.entries(given).map(([name, value]) => {
      const constant = byName.get(name)
      if (constant === undefined)
        throw new TemplateError(`constant ${name}: no program of the template has such a slot`)
      return [name, wordsInMemory(numberOf(value, constant), constant)]
    }),
  )
}

function numberOf(value: ConstantValue, constant: ConstantPlan): bigint {
  const { name, bits } = constant
  const what = `constant ${name} (${formatName(constant)})`
  if (value instanceof Uint8Array) {
    if (value.length * 8 !== bits)
      throw new TemplateError(`${what}: ${value.length} bytes, it has ${bits / 8}`)
    return value.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n)
  }
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
    throw new TemplateError(`${what}: ${value} is no exact integer`, { hint: 'give a bigint' })
  const number = BigInt(value)
  if (number !== BigInt.asUintN(bits, number))
    throw new TemplateError(`${what}: ${value} does not fit unsigned ${bits} bits`)
  return number
}

/** The words that loads from memory give where the number lies there in the constant's order, zeros behind it. */
function wordsInMemory(number: bigint, { bits, order }: ConstantPlan): bigint[] {
  const inMemory = order === 'host' ? number : reverseBytes(number, bits)
  return bits <= 64 ? [inMemory] : [BigInt.asUintN(64, inMemory), inMemory >> 64n]
}

/** Programs are little-endian: a number whose bytes lie the other way round in memory has its bytes reversed. */
function reverseBytes(number: bigint, bits: number): bigint {
  let reversed = 0n
  for (let shift = 0; shift < bits; shift += 8)
    reversed = (reversed << 8n) | ((number >> BigInt(shift)) & 0xffn)
  return reversed
}
