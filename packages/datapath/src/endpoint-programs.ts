import type { BpfMap } from '@axoneme/bpf'
import type { ProgramSet, Template } from '@axoneme/bpf-templater'
import type { EndpointId } from '@axoneme/endpoint'
import type { Attacher, Hook } from './attach/attacher.ts'
import type { PinPaths } from './pin-paths.ts'
import { mapNamed, mapsOfTemplate, type NodeMaps, programNamed } from './template-maps.ts'
import { u32 } from './u32.ts'

/** What is attached where: program of the template -> direction on the pod's host-side veth. */
const attachments = { from_pod: 'ingress', to_pod: 'egress' } as const
const tailCalled = 'pod_policy'

/** An endpoint and the host side of its link. */
type EndpointDevice = Readonly<{ id: EndpointId; ifIndex: number }>

export type EndpointPrograms = {
  /** Loads the endpoint's own programs; nothing runs yet. Throws TemplateError, ProgramRejectedError, SyscallError. */
  load(from: { constants: Record<string, number | bigint>; policyMap: BpfMap }): Promise<ProgramSet>
  /** Puts them in the place of the ones that run, if any do. They stay when `set` is closed. Throws SyscallError. */
  attach(device: EndpointDevice, set: ProgramSet): void
  /** Names of programs that should be on the device and are not. */
  missing(device: EndpointDevice): string[]
  /** Nobody calls the endpoint's `pod_policy` any more. What is on its device goes with the device or its pins. */
  removeCall(id: EndpointId): void
}

export function endpointPrograms({
  attacher,
  template,
  maps,
  paths,
}: {
  attacher: Attacher
  template: Template
  maps: NodeMaps
  paths: PinPaths
}): EndpointPrograms {
  const calls = mapNamed(maps, 'axo_policy_calls')
  const shared = mapsOfTemplate(template, maps)
  const hooksOf = ({ id, ifIndex }: EndpointDevice) =>
    Object.entries(attachments).map(([name, direction]): { name: string; hook: Hook } => ({
      name,
      hook: { ifIndex, direction, path: paths.endpointLink(id, name) },
    }))
  return {
    load: ({ constants, policyMap }) =>
      template.instantiate({ constants, maps: { ...shared, axo_policy: policyMap } }),
    attach(device, { programs }) {
      // First of all, as it serves packets of the old and of the new programs.
      calls.setProgram(device.id, programNamed(programs, tailCalled))
      for (const { name, hook } of hooksOf(device)) attacher.attach(hook, programNamed(programs, name))
    },
    missing: (device) =>
      hooksOf(device)
        .filter(({ hook }) => !attacher.isAttached(hook))
        .map(({ name }) => name),
    removeCall: (id) => void calls.delete(u32(id)),
  }
}
