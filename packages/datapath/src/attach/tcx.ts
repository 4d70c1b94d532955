import { unpin } from '@axoneme/bpf'
import { withNetns } from '@axoneme/syscalls'
import type { Attacher, AttacherOptions, Hook } from './attacher.ts'
import { ourFilter } from './clsact.ts'
import { linkOn } from './tcx-link.ts'

export function tcxAttacher({ kernel, netlink, netns }: AttacherOptions): Attacher {
  const removeFilter = ({ ifIndex, direction }: Hook) =>
    netlink.deleteBpfFilter({ ifIndex, direction, ...ourFilter })
  const decidingId = (hook: Hook) => {
    using link = linkOn(kernel, hook)
    return link && kernel.linkInfo(link.fd).programId
  }
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
      removeFilter(hook)
    },
    decidingId,
    isAttached: (hook) => decidingId(hook) !== undefined,
    hold(hook) {
      using opened = new DisposableStack()
      const link = opened.use(linkOn(kernel, hook))
      if (link === undefined) return undefined
      const program = opened.use(kernel.openProgram(kernel.linkInfo(link.fd).programId))
      // With the program also the link: the kernel refuses a second one of the same program beside it.
      const held = opened.move()
      return {
        restore() {
          link.update(program)
          if (decidingId(hook) === undefined) link.pin(hook.path)
          removeFilter(hook)
        },
        [Symbol.dispose]: () => held.dispose(),
      }
    },
    detach: ({ path }) => void unpin(path),
  }
}
