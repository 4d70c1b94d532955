import type { BpfKernel, BpfMap } from '@axoneme/bpf'
import type { EndpointId } from '@axoneme/endpoint'
import type { ProgramPlace } from './program-swap.ts'
import { u32 } from './u32.ts'

/** The map of tail calls by which packets for a pod of this node reach its `pod_policy`: one entry per endpoint. */
export type PolicyCalls = Readonly<{
  place(id: EndpointId): ProgramPlace
  has(id: EndpointId): boolean
  /** The kernel's id of the endpoint's program. */
  programId(id: EndpointId): number | undefined
  /** Nothing there is fine. */
  remove(id: EndpointId): void
}>

export function policyCalls(kernel: BpfKernel, map: BpfMap): PolicyCalls {
  /** What a look-up in such a map gives is the id of the program. */
  const programId = (id: EndpointId) => map.lookup(u32(id))?.readUInt32LE()
  return {
    programId,
    has: (id) => programId(id) !== undefined,
    remove: (id) => void map.delete(u32(id)),
    place: (id) => ({
      name: `in entry ${id} of ${map.name}`,
      hold() {
        const oldId = programId(id)
        if (oldId === undefined) return undefined
        const old = kernel.openProgram(oldId)
        return {
          restore: () => map.setProgram(id, old),
          [Symbol.dispose]: () => old.close(),
        }
      },
      put: (program) => map.setProgram(id, program),
    }),
  }
}
