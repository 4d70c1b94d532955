import type { BpfMap, MapSpec } from '@axoneme/bpf'
import { TemplateError } from '../errors.ts'
import type { ConstantPlan } from '../plan/object-plan.ts'

const maxConstant = 0xffff_ffff_ffff_ffffn

/** Checks and widens the constants of an instance. Throws TemplateError naming the one that is wrong. */
export function readConstants(
  given: Readonly<Record<string, number | bigint>>,
  slots: readonly ConstantPlan[],
): Map<string, bigint> {
  const values = new Map<string, bigint>()
  for (const [name, value] of Object.entries(given)) {
    if (!slots.some((slot) => slot.name === name))
      throw new TemplateError(`constant ${name}: no program of the template has such a slot`)
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new TemplateError(`constant ${name}: ${value} is no exact integer`, { hint: 'give a bigint' })
    }
    const wide = BigInt(value)
    if (wide < 0n || wide > maxConstant)
      throw new TemplateError(`constant ${name}: ${value} does not fit unsigned 64 bits`)
    values.set(name, wide)
  }
  return values
}

/** Checks the maps of an instance and takes their descriptors. Throws TemplateError naming the one that is wrong. */
export function readMaps(
  given: Readonly<Record<string, BpfMap>>,
  specs: Readonly<Record<string, MapSpec>>,
): Map<string, number> {
  const descriptors = new Map<string, number>()
  for (const [name, map] of Object.entries(given)) {
    if (!Object.hasOwn(specs, name)) throw new TemplateError(`map ${name}: the template has no such map`)
    const spec = specs[name]!
    for (const field of ['type', 'keySize', 'valueSize'] as const) {
      if (map.spec[field] !== spec[field]) {
        throw new TemplateError(
          `map ${name}: ${field} is ${map.spec[field]}, the template wants ${spec[field]}`,
        )
      }
    }
    descriptors.set(name, map.fd)
  }
  return descriptors
}
