import { type BpfKernel, type BpfLink, unpin } from '@axoneme/bpf'
import { ENOENT, type Netns, SyscallError, withNetns } from '@axoneme/syscalls'

export type PinnedAttachment = Readonly<{
  program: { fd: number; name: string }
  ifIndex: number
  direction: 'ingress' | 'egress'
  /** Of the link's pin. */
  path: string
  /** The device's network namespace; this thread's when absent. */
  netns?: Netns | undefined
}>

/**
 * Puts the program in the place of the one whose link is pinned at `path`, without a packet in between that sees
 * none. Attaches and pins anew when there is no such link or its device is another one. Throws SyscallError.
 */
export function attachPinned(
  kernel: BpfKernel,
  { program, ifIndex, direction, path, netns }: PinnedAttachment,
): void {
  using existing = openLinkIfAny(kernel, path)
  if (existing !== undefined) {
    // The link of a device that is gone is no link any more, but its pin stays.
    if (kernel.linkInfo(existing.fd).ifIndex === ifIndex) {
      existing.update(program)
      return
    }
    unpin(path)
  }
  const attach = () => kernel.attachTcx({ program, ifIndex, direction })
  using link = netns === undefined ? attach() : withNetns(netns, attach)
  link.pin(path)
}

/** Undefined when nothing is pinned there. */
export function openLinkIfAny(kernel: BpfKernel, path: string): BpfLink | undefined {
  try {
    return kernel.openPinnedLink(path)
  } catch (error) {
    if (error instanceof SyscallError && error.errno === ENOENT) return undefined
    throw error
  }
}
