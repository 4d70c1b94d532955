import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { unpin } from '@axoneme/bpf'
import type { Netns } from '@axoneme/syscalls'
import { attachPinned } from './attach.ts'
import type { NodeDevices } from './node-devices.ts'
import type { DatapathObjects } from './objects.ts'
import { mapsOfTemplate, programNamed } from './template-maps.ts'

/** The kernel puts files of its own into a BPF file system: only names like ours are ours. */
const linkNamePattern = /-(ingress|egress)$/

/** Attaches the node's programs to its devices, and detaches those of devices that are no longer meant. */
export function attachDevicePrograms(
  objects: DatapathObjects,
  { devices, netns }: { devices: NodeDevices; netns?: Netns | undefined },
): void {
  const { kernel, paths, templates } = objects
  const wanted = new Set<string>()
  const attach = (
    name: 'host' | 'overlay',
    programName: string,
    device: { ifIndex: number; name: string },
  ) => {
    const template = templates[name]
    using instance = template.instantiate({ constants: {}, maps: mapsOfTemplate(template, objects.maps) })
    const program = programNamed(instance.programs, programName)
    const path = paths.deviceLink(device.name, 'ingress')
    attachPinned(kernel, { program, ifIndex: device.ifIndex, direction: 'ingress', path, netns })
    wanted.add(path)
  }
  for (const device of devices.external) attach('host', 'from_netdev', device)
  if (devices.tunnel !== undefined) attach('overlay', 'from_overlay', devices.tunnel)
  for (const name of readdirSync(paths.deviceLinks)) {
    const path = join(paths.deviceLinks, name)
    if (linkNamePattern.test(name) && !wanted.has(path)) unpin(path)
  }
}
