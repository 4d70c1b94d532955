import type { BpfKernel, BpfMap } from '@axoneme/bpf'
import type { Template } from '@axoneme/bpf-templater'
import type { EndpointId } from '@axoneme/endpoint'
import type { Netns } from '@axoneme/syscalls'
import { attachPinned } from './attach.ts'
import type { PinPaths } from './pin-paths.ts'
import { mapNamed, mapsOfTemplate, type NodeMaps, programNamed } from './template-maps.ts'
import { u32 } from './u32.ts'

/** What is attached where: program of the template -> direction on the pod's host-side veth. */
export const endpointAttachments = { from_pod: 'ingress', to_pod: 'egress' } as const
const tailCalled = 'pod_policy'

export type EndpointPrograms = {
  /**
   * Loads the endpoint's own programs, then puts them in the place of the ones that run, if any do. Loading is what
   * can fail: then nothing has changed. Throws TemplateError, ProgramRejectedError, SyscallError.
   */
  swap(options: {
    id: EndpointId
    ifIndex: number
    constants: Record<string, number | bigint>
    policyMap: BpfMap
  }): void
  /** Nobody calls the endpoint's `pod_policy` any more. Its links go with their pins. */
  removeCall(id: EndpointId): void
}

export function endpointPrograms({
  kernel,
  template,
  maps,
  paths,
  netns,
}: {
  kernel: BpfKernel
  template: Template
  maps: NodeMaps
  paths: PinPaths
  netns?: Netns | undefined
}): EndpointPrograms {
  const calls = mapNamed(maps, 'axo_policy_calls')
  const shared = mapsOfTemplate(template, maps)
  return {
    swap({ id, ifIndex, constants, policyMap }) {
      using instance = template.instantiate({ constants, maps: { ...shared, axo_policy: policyMap } })
      // First of all, as it serves packets of the old and of the new programs.
      calls.setProgram(id, programNamed(instance.programs, tailCalled))
      for (const [name, direction] of Object.entries(endpointAttachments)) {
        const program = programNamed(instance.programs, name)
        attachPinned(kernel, { program, ifIndex, direction, path: paths.endpointLink(id, name), netns })
      }
    },
    removeCall: (id) => void calls.delete(u32(id)),
  }
}
