import { type BpfKernel, type BpfLink, unpin } from '@axoneme/bpf'
import { ENOENT, SyscallError, withNetns } from '@axoneme/syscalls'
import type { AttacherOptions, Hook, Hooks } from './attacher.ts'
import { ourFilter } from './clsact.ts'

export function tcxHooks({ kernel, netlink, netns }: AttacherOptions): Hooks {
  return {
    kind: 'tcx',
    attach(hook, program) {
      const { ifIndex, direction, path } = hook
      using existing = linkOn(kernel, hook)
      if (existing === undefined) {
        // The link of a device that is gone is no link any more, but its pin stays.
        unpin(path)
        const attach = () => kernel.attachTcx({ program, ifIndex, direction })
        using link = netns === undefined ? attach() : withNetns(netns, attach)
        link.pin(path)
      } else {
        existing.update(program)
      }
      // Also behind an older link: whoever made that one may have ended before this.
      netlink.deleteBpfFilter({ ifIndex, direction, ...ourFilter })
    },
    programId(hook) {
      using link = linkOn(kernel, hook)
      return link && kernel.linkInfo(link.fd).programId
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
