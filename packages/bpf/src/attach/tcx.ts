import { EINVAL, ENODEV, SyscallError } from '@axoneme/syscalls'
import { BpfAttr } from '../kernel/attr.ts'
import { type BpfCommands, bpfFailure } from '../kernel/command.ts'
import { loadProgramSync } from '../program/load-program.ts'
import { type BpfLink, openLink } from './link.ts'

/** Where a program sees a device's packets: as the stack receives them from it, or sends them to it. */
export type TrafficDirection = 'ingress' | 'egress'

/** BPF_TCX_INGRESS and BPF_TCX_EGRESS of `enum bpf_attach_type`. */
const attachTypes = { ingress: 46, egress: 47 } as const
const attrSize = 32
const maxIfIndex = 0x7fffffff

export type TcxAttachment = Readonly<{
  program: { fd: number; name: string }
  ifIndex: number
  direction: TrafficDirection
}>

/** Attaches behind the programs that are there already. Throws SyscallError; ENODEV when the device is gone. */
export function attachTcx(commands: BpfCommands, { program, ifIndex, direction }: TcxAttachment): BpfLink {
  const name = `${program.name} on ${direction} of interface ${ifIndex}`
  const fd = createTcxLink(commands, { programFd: program.fd, ifIndex, direction, name })
  if (fd >= 0) return openLink(commands, { fd, name })
  if (fd === -EINVAL && !hasTcx(commands)) {
    throw new SyscallError('bpf link_create', name, EINVAL, {
      hint: 'this kernel has no tcx: attach by clsact',
    })
  }
  throw bpfFailure('link_create', name, -fd)
}

/** Whether the kernel has tcx (Linux 6.6). Asks by attaching to a device that cannot exist. */
export function hasTcx(commands: BpfCommands): boolean {
  // r0 = 0; exit
  const insns = Buffer.from('b7000000000000009500000000000000', 'hex')
  using program = loadProgramSync(commands, { name: 'tcx_probe', type: 'sched_cls', insns, license: 'GPL' })
  const name = 'tcx_probe'
  const result = createTcxLink(commands, {
    programFd: program.fd,
    ifIndex: maxIfIndex,
    direction: 'ingress',
    name,
  })
  if (result === -ENODEV) return true
  if (result === -EINVAL) return false
  throw bpfFailure('link_create', name, -result)
}

function createTcxLink(
  commands: BpfCommands,
  {
    programFd,
    ifIndex,
    direction,
    name,
  }: { programFd: number; ifIndex: number; direction: TrafficDirection; name: string },
): number {
  const attr = new BpfAttr(attrSize).u32(0, programFd).u32(4, ifIndex).u32(8, attachTypes[direction])
  return commands.try('link_create', name, attr.bytes)
}
