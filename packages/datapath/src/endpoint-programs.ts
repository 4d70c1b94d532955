import { type BpfKernel, type BpfLink, type BpfMap, unpin } from '@axoneme/bpf'
import type { Template } from '@axoneme/bpf-templater'
import type { EndpointId } from '@axoneme/endpoint'
import { ENOENT, SyscallError } from '@axoneme/syscalls'
import { u32 } from './epochs.ts'
import type { PinPaths } from './pin-paths.ts'
import { mapsOfTemplate } from './template-maps.ts'

/** What is attached where: program of the template -> direction on the pod's host-side veth. */
const attachments = { from_pod: 'ingress', to_pod: 'egress' } as const
const tailCalled = 'pod_policy'

export type EndpointPrograms = {
  /**
   * Loads the endpoint's own programs and puts them in the place of the ones that run. The tail call goes first: it
   * serves packets of both sets. When anything fails, what ran before runs on.
   */
  swap(options: {
    id: EndpointId
    ifIndex: number
    constants: Record<string, number | bigint>
    policyMap: BpfMap
  }): void
  /** Detaches everything of the endpoint. What is gone already is fine. */
  remove(id: EndpointId): void
}

export function endpointPrograms({
  kernel,
  template,
  maps,
  paths,
}: {
  kernel: BpfKernel
  template: Template
  /** The node's shared maps, by name. */
  maps: Readonly<Record<string, BpfMap>>
  paths: PinPaths
}): EndpointPrograms {
  const calls = maps.axo_policy_calls as BpfMap
  const shared = mapsOfTemplate(template, maps)
  return {
    swap({ id, ifIndex, constants, policyMap }) {
      using instance = template.instantiate({ constants, maps: { ...shared, axo_policy: policyMap } })
      calls.setProgram(id, program(instance.programs, tailCalled))
      for (const [name, direction] of Object.entries(attachments)) {
        const path = paths.endpointLink(id, name)
        attachPinned(kernel, { program: program(instance.programs, name), ifIndex, direction, path })
      }
    },
    remove(id) {
      for (const name of Object.keys(attachments)) unpin(paths.endpointLink(id, name))
      calls.delete(u32(id))
    },
  }
}

function program<T>(programs: Readonly<Record<string, T>>, name: string): T {
  const found = programs[name]
  if (found === undefined) throw new TypeError(`the template has no program ${name}`)
  return found
}

/** Replaces the program of the link pinned at `path`, or attaches and pins when there is none for this device. */
export function attachPinned(
  kernel: BpfKernel,
  {
    program,
    ifIndex,
    direction,
    path,
  }: {
    program: { fd: number; name: string }
    ifIndex: number
    direction: 'ingress' | 'egress'
    path: string
  },
): void {
  using existing = openLinkIfAny(kernel, path)
  if (existing !== undefined) {
    // A link whose device is gone stays as a pin without effect; so does one of another device with that name.
    if (kernel.linkInfo(existing.fd).ifIndex === ifIndex) {
      existing.update(program)
      return
    }
    unpin(path)
  }
  using link = kernel.attachTcx({ program, ifIndex, direction })
  link.pin(path)
}

function openLinkIfAny(kernel: BpfKernel, path: string): BpfLink | undefined {
  try {
    return kernel.openPinnedLink(path)
  } catch (error) {
    if (error instanceof SyscallError && error.errno === ENOENT) return undefined
    throw error
  }
}
