import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TemplateError } from '../errors.ts'
import type { ConstantPlan } from '../plan/object-plan.ts'
import { type ConstantValue, encodeConstants } from './constant-values.ts'

const constant = (bits: number, order: ConstantPlan['order'] = 'host'): ConstantPlan => ({
  name: 'X',
  bits,
  order,
})
const encode = (value: ConstantValue, plan: ConstantPlan) => encodeConstants({ X: value }, [plan]).get('X')!

/** A number whose width has few, all or any of its bits. */
const numberOf = (bits: number) =>
  fc.oneof(
    fc.constantFrom(0n, 1n, (1n << BigInt(bits)) - 1n),
    fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }),
  )
const withPlan = fc
  .record({ bits: fc.constantFrom(8, 16, 32, 48, 64, 128), order: fc.constantFrom('host', 'network') })
  .chain(({ bits, order }) =>
    fc.tuple(fc.constant(constant(bits, order as ConstantPlan['order'])), numberOf(bits)),
  )

function bigEndian(value: bigint, bits: number): Buffer {
  return Buffer.from(value.toString(16).padStart(bits / 4, '0'), 'hex')
}

describe('encodeConstants', () => {
  it('gives the words whose bytes lie in memory in the order of the constant, zeros behind them', () => {
    fc.assert(
      fc.property(withPlan, ([plan, value]) => {
        const words = encode(value, plan)
        const memory = Buffer.alloc(words.length * 8)
        for (const [index, word] of words.entries()) memory.writeBigUInt64LE(word, index * 8)
        const bytes = memory.subarray(0, plan.bits / 8)
        if (plan.order === 'host') bytes.reverse()
        expect(bytes).toEqual(bigEndian(value, plan.bits))
        expect(memory.subarray(plan.bits / 8).every((byte) => byte === 0)).toBe(true)
        expect(words).toHaveLength(plan.bits === 128 ? 2 : 1)
      }),
    )
  })

  it('takes a value as a number, a bigint or bytes', () => {
    fc.assert(
      fc.property(withPlan, ([plan, value]) => {
        const words = encode(value, plan)
        expect(encode(new Uint8Array(bigEndian(value, plan.bits)), plan)).toEqual(words)
        if (value <= Number.MAX_SAFE_INTEGER) expect(encode(Number(value), plan)).toEqual(words)
      }),
    )
  })

  it('refuses what is one too wide or a byte too long or short', () => {
    fc.assert(
      fc.property(withPlan, ([plan, value]) => {
        const format = `${plan.order === 'host' ? 'u' : 'be'}${plan.bits}`
        const tooWide = value + (1n << BigInt(plan.bits))
        expect(() => encode(tooWide, plan)).toThrow(
          `constant X (${format}): ${tooWide} does not fit unsigned ${plan.bits} bits`,
        )
        for (const length of [plan.bits / 8 - 1, plan.bits / 8 + 1]) {
          expect(() => encode(new Uint8Array(length), plan)).toThrow(
            `constant X (${format}): ${length} bytes, it has ${plan.bits / 8}`,
          )
        }
      }),
    )
  })

  it.each([
    [-1, 'constant X (u64): -1 does not fit unsigned 64 bits'],
    [-1n, 'constant X (u64): -1 does not fit unsigned 64 bits'],
    [1.5, 'constant X (u64): 1.5 is no exact integer'],
    [2 ** 60, 'constant X (u64): 1152921504606847000 is no exact integer'],
    [Number.NaN, 'constant X (u64): NaN is no exact integer'],
  ])('refuses %s', (value, message) => {
    expect(() => encode(value, constant(64))).toThrow(TemplateError)
    expect(() => encode(value, constant(64))).toThrow(message)
  })

  it('refuses a value without a slot', () => {
    for (const name of ['Y', '__proto__', 'constructor']) {
      const given = Object.fromEntries([[name, 1]])
      expect(() => encodeConstants(given, [constant(8)])).toThrow(
        `constant ${name}: no program of the template has such a slot`,
      )
    }
  })
})
