import { type BpfKernel, type BpfLink, unpin } from '@axoneme/bpf'
import type { Netlink } from '@axoneme/netlink'
import { ENOENT, SyscallError, withNetns } from '@axoneme/syscalls'
import type { Attacher, AttacherOptions, Hook } from './attacher.ts'
import { ourFilter } from './clsact.ts'

export function tcxAttacher({ kernel, netlink, netns }: AttacherOptions): Attacher {
  return {
    kind: 'tcx',
    attach(hook, program) {
      using existing = linkOn(kernel, hook)
      if (existing !== undefined) {
        existing.update(program)
        return
      }
      const { ifIndex, direction, path } = hook
      // The link of a device that is gone is no link any more, but its pin stays.
      unpin(path)
      const attach = () => kernel.attachTcx({ program, ifIndex, direction })
      using link = netns === undefined ? attach() : withNetns(netns, attach)
      link.pin(path)
      removeFilter(netlink, hook)
    },
    isAttached(hook) {
      using link = linkOn(kernel, hook)
      return link !== undefined
    },
    detach: ({ path }) => void unpin(path),
  }
}

/** The link pinned for the hook, if it is still on that device. */
function linkOn(kernel: BpfKernel, { path, ifIndex }: Hook): BpfLink | undefined {
  let link: BpfLink
  try {
    link = kernel.openPinnedLink(path)
  } catch (error) {
    if (error instanceof SyscallError && error.errno === ENOENT) return undefined
    throw error
  }
  if (kernel.linkInfo(link.fd).ifIndex === ifIndex) return link
  link.close()
  return undefined
}

function removeFilter(netlink: Netlink, { ifIndex, direction }: Hook): void {
  netlink.deleteBpfFilter({ ifIndex, direction, ...ourFilter })
}
