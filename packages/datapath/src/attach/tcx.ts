import { unpin } from '@axoneme/bpf'
import { withNetns } from '@axoneme/syscalls'
import type { Attacher, AttacherOptions, Hook } from './attacher.ts'
import { ourFilter } from './clsact.ts'
import { holdBy } from './hold.ts'
import { linkOn } from './tcx-link.ts'

export function tcxAttacher({ kernel, netlink, netns }: AttacherOptions): Attacher {
  const decidingId = (hook: Hook) => {
    using link = linkOn(kernel, hook)
    return link && kernel.linkInfo(link.fd).programId
  }
  const attach: Attacher['attach'] = (hook, program) => {
    const { ifIndex, direction, path } = hook
    using existing = linkOn(kernel, hook)
    if (existing === undefined) {
      // The link of a device that is gone is no link any more, but its pin stays.
      unpin(path)
      const make = () => kernel.attachTcx({ program, ifIndex, direction })
      using link = netns === undefined ? make() : withNetns(netns, make)
      link.pin(path)
    } else {
      existing.update(program)
    }
    // Also behind an older link: whoever made that one may have ended before this.
    netlink.deleteBpfFilter({ ifIndex, direction, ...ourFilter })
  }
  return {
    kind: 'tcx',
    attach,
    decidingId,
    isAttached: (hook) => decidingId(hook) !== undefined,
    hold: holdBy(kernel, { decidingId, attach }),
    detach: ({ path }) => void unpin(path),
  }
}
