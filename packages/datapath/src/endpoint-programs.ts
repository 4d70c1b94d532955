import type { BpfKernel, BpfMap } from '@axoneme/bpf'
import type { InstanceOptions, ProgramSet, Template } from '@axoneme/bpf-templater'
import type { EndpointId } from '@axoneme/endpoint'
import type { Attacher, Hook } from './attach/attacher.ts'
import type { PinPaths } from './pin-paths.ts'
import { policyCalls } from './policy-calls.ts'
import { type ProgramPlace, swapPrograms } from './program-swap.ts'
import { mapNamed, mapsOfTemplate, type NodeMaps, programNamed } from './template-maps.ts'

/** What is attached where: program of the template -> direction on the pod's host-side veth. */
const attachments = { from_pod: 'ingress', to_pod: 'egress' } as const
const tailCalled = 'pod_policy'

/** An endpoint and the host side of its link. */
type EndpointDevice = Readonly<{ id: EndpointId; ifIndex: number }>

export type EndpointPrograms = {
  /** Loads the endpoint's own programs; nothing runs yet. Throws TemplateError, ProgramRejectedError, SyscallError. */
  load(from: { constants: InstanceOptions['constants']; policyMap: BpfMap }): Promise<ProgramSet>
  /**
   * Puts them in the place of the ones that run, if any do: all of them, or none. They stay when `set` is closed.
   * No packet meets a mixture, although the places change one after the other: on its way through an endpoint it
   * meets one of the three programs, and what these leave for each other (conntrack, the calling program's mark on the
   * packet) is the same for all sets (docs/flows/programs-swapped.md). Throws SwapFailedError, UndoFailedError.
   */
  attach(device: EndpointDevice, set: ProgramSet): void
  /** Names of programs that should be in place and are not. */
  missing(device: EndpointDevice): string[]
  /** The kernel's ids of the programs that decide for the endpoint now, by name; undefined where there is none. */
  running(device: EndpointDevice): ReadonlyMap<string, number | undefined>
  /** Nobody calls the endpoint's `pod_policy` any more. What is on its device goes with the device or its pins. */
  removeCall(id: EndpointId): void
}

export function endpointPrograms({
  kernel,
  attacher,
  template,
  maps,
  paths,
}: {
  kernel: BpfKernel
  attacher: Attacher
  template: Template
  maps: NodeMaps
  paths: PinPaths
}): EndpointPrograms {
  const calls = policyCalls(kernel, mapNamed(maps, 'axo_policy_calls'))
  const shared = mapsOfTemplate(template, maps)
  const hooksOf = ({ id, ifIndex }: EndpointDevice) =>
    Object.entries(attachments).map(([name, direction]): { name: string; hook: Hook } => ({
      name,
      hook: { ifIndex, direction, path: paths.endpointLink(id, name) },
    }))
  const placeOf = (hook: Hook): ProgramPlace => ({
    name: `on ${hook.direction} of interface ${hook.ifIndex}`,
    hold: () => attacher.hold(hook),
    put: (program) => attacher.attach(hook, program),
  })
  return {
    load: ({ constants, policyMap }) =>
      template.instantiate({ constants, maps: { ...shared, axo_policy: policyMap } }),
    attach(device, { programs }) {
      const places = hooksOf(device).map(({ name, hook }) => ({ name, place: placeOf(hook) }))
      // Last, as it hardly ever fails.
      places.push({ name: tailCalled, place: calls.place(device.id) })
      swapPrograms(
        `programs of endpoint ${device.id}`,
        places.map(({ name, place }) => ({ place, program: programNamed(programs, name) })),
      )
    },
    missing: (device) => [
      ...hooksOf(device)
        .filter(({ hook }) => !attacher.isAttached(hook))
        .map(({ name }) => name),
      ...(calls.has(device.id) ? [] : [tailCalled]),
    ],
    running: (device) =>
      new Map([
        ...hooksOf(device).map(({ name, hook }) => [name, attacher.decidingId(hook)] as const),
        [tailCalled, calls.programId(device.id)],
      ]),
    removeCall: (id) => calls.remove(id),
  }
}
