import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { unpin } from '@axoneme/bpf'
import { attachPinned } from './endpoint-programs.ts'
import type { NodeDevices } from './node-devices.ts'
import type { DatapathObjects } from './objects.ts'
import { mapsOfTemplate } from './template-maps.ts'

/** Attaches the node's programs to its devices, and detaches those of devices that are no longer meant. */
export function attachDevicePrograms(objects: DatapathObjects, devices: NodeDevices): void {
  const wanted = new Set<string>()
  const attach = (template: 'host' | 'overlay', name: string, device: { ifIndex: number; name: string }) => {
    const loaded = objects.templates[template]
    using instance = loaded.instantiate({ constants: {}, maps: mapsOfTemplate(loaded, objects.maps) })
    const program = instance.programs[name]
    if (program === undefined) throw new TypeError(`the template ${template} has no program ${name}`)
    const path = objects.paths.deviceLink(device.name, 'ingress')
    attachPinned(objects.kernel, { program, ifIndex: device.ifIndex, direction: 'ingress', path })
    wanted.add(path)
  }
  for (const device of devices.external) attach('host', 'from_netdev', device)
  if (devices.tunnel !== undefined) attach('overlay', 'from_overlay', devices.tunnel)
  for (const name of readdirSync(objects.paths.deviceLinks)) {
    const path = join(objects.paths.deviceLinks, name)
    if (!wanted.has(path)) unpin(path)
  }
}
