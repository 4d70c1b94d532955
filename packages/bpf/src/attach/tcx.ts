import { EINVAL } from '@axoneme/syscalls'
import { KernelFeatureError } from '../features/missing.ts'
import { featureNamed } from '../features/table.ts'
import { type BpfCommands, bpfFailure } from '../kernel/command.ts'
import { type BpfLink, openLink } from './link.ts'
import { createDeviceLink, type TrafficDirection, tcxAttachTypes } from './tcx-link.ts'

export type TcxAttachment = Readonly<{
  program: { fd: number; name: string }
  ifIndex: number
  direction: TrafficDirection
}>

/**
 * Attaches behind the programs that are there already. Throws SyscallError, ENODEV when the device is gone;
 * KernelFeatureError when the kernel has no tcx.
 */
export function attachTcx(commands: BpfCommands, { program, ifIndex, direction }: TcxAttachment): BpfLink {
  const name = `${program.name} on ${direction} of interface ${ifIndex}`
  const fd = createDeviceLink(commands, {
    programFd: program.fd,
    ifIndex,
    attachType: tcxAttachTypes[direction],
    name,
  })
  if (fd >= 0) return openLink(commands, { fd, name })
  const cause = bpfFailure('link_create', name, -fd)
  const tcx = featureNamed('tcx')
  if (fd !== -EINVAL || tcx.probe(commands)) throw cause
  throw new KernelFeatureError([tcx], { cause, hint: `attach by clsact, or run Linux ${tcx.since} or newer` })
}
