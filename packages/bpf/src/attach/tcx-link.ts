import { BpfAttr } from '../kernel/attr.ts'
import type { BpfCommands } from '../kernel/command.ts'

/** Where a program sees a device's packets: as the stack receives them from it, or sends them to it. */
export type TrafficDirection = 'ingress' | 'egress'

/** BPF_TCX_INGRESS and BPF_TCX_EGRESS of `enum bpf_attach_type`. */
export const tcxAttachTypes = { ingress: 46, egress: 47 } as const
const attrSize = 32

/** BPF_LINK_CREATE for a device. The link's descriptor, or the negated errno. `name` is what observers see. */
export function createDeviceLink(
  commands: BpfCommands,
  {
    programFd,
    ifIndex,
    attachType,
    name,
  }: { programFd: number; ifIndex: number; attachType: number; name: string },
): number {
  const attr = new BpfAttr(attrSize).u32(0, programFd).u32(4, ifIndex).u32(8, attachType)
  return commands.try('link_create', name, attr.bytes)
}
