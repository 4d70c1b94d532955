import { attachClsact, unpin } from '@axoneme/bpf'
import type { Attacher, AttacherOptions, Hook } from './attacher.ts'
import { holdBy } from './hold.ts'
import { linkOn } from './tcx-link.ts'

/** Where our filter is among those of others: before the ones that have no priority, under a number of our own. */
export const ourFilter = { priority: 1, handle: 0xa50 } as const

export function clsactAttacher({ kernel, netlink }: AttacherOptions): Attacher {
  const decidingId = ({ ifIndex, direction }: Hook) =>
    netlink.filters(ifIndex, direction).find(({ handle }) => handle === ourFilter.handle)?.programId
  const attach: Attacher['attach'] = (hook, program) => {
    const { ifIndex, direction, path } = hook
    attachClsact({ netlink, program, ifIndex, direction, ...ourFilter })
    // A link decides as long as it is there. Without a descriptor of it, it would go only some time after its pin.
    using _link = linkOn(kernel, hook)
    unpin(path)
  }
  return {
    kind: 'clsact',
    attach,
    decidingId,
    isAttached: (hook) => decidingId(hook) !== undefined,
    hold: holdBy(kernel, { decidingId, attach }),
    detach: ({ ifIndex, direction }) => netlink.deleteBpfFilter({ ifIndex, direction, ...ourFilter }),
  }
}
