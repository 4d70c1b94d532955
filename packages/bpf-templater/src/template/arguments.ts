import type { BpfMap, MapSpec } from '@axoneme/bpf'
import { TemplateError } from '../errors.ts'

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
