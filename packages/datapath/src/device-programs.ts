import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { unpin } from '@axoneme/bpf'
import type { Netlink } from '@axoneme/netlink'
import type { Attacher } from './attach/attacher.ts'
import type { NodeDevices } from './node-devices.ts'
import type { DatapathObjects } from './objects.ts'
import { hostInterfacePattern } from './pod-link.ts'
import { mapsOfTemplate, programNamed } from './template-maps.ts'

/** The kernel puts files of its own into a BPF file system: only names like ours are ours. */
const linkNamePattern = /-(ingress|egress)$/
const direction = 'ingress'

/** Attaches the node's programs to its devices, and detaches those of devices that are no longer meant. */
export function attachDevicePrograms(
  objects: DatapathObjects,
  { devices, attacher, netlink }: { devices: NodeDevices; attacher: Attacher; netlink: Netlink },
): void {
  const { paths, templates, maps } = objects
  const wanted = new Set<string>()
  const attach = (
    name: 'host' | 'overlay',
    programName: string,
    device: { ifIndex: number; name: string },
  ) => {
    const template = templates[name]
    using instance = template.instantiateSync({ constants: {}, maps: mapsOfTemplate(template, maps) })
    const path = paths.deviceLink(device.name, direction)
    attacher.attach(
      { ifIndex: device.ifIndex, direction, path },
      programNamed(instance.programs, programName),
    )
    wanted.add(path)
  }
  for (const device of devices.external) attach('host', 'from_netdev', device)
  if (devices.tunnel !== undefined) attach('overlay', 'from_overlay', devices.tunnel)

  for (const name of readdirSync(paths.deviceLinks)) {
    const path = join(paths.deviceLinks, name)
    if (linkNamePattern.test(name) && !wanted.has(path)) unpin(path)
  }
  if (attacher.kind === 'tcx') return
  for (const { ifIndex, name } of netlink.links()) {
    const path = paths.deviceLink(name, direction)
    if (!wanted.has(path) && !hostInterfacePattern.test(name)) attacher.detach({ ifIndex, direction, path })
  }
}
