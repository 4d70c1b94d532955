import { attachClsact, unpin } from '@axoneme/bpf'
import type { Netlink } from '@axoneme/netlink'
import type { Hooks } from './attacher.ts'

/** Where our filter is among those of others: before the ones that have no priority, under a number of our own. */
export const ourFilter = { priority: 1, handle: 0xa50 } as const

export function clsactHooks({ netlink }: { netlink: Netlink }): Hooks {
  return {
    kind: 'clsact',
    attach({ ifIndex, direction, path }, program) {
      attachClsact({ netlink, program, ifIndex, direction, ...ourFilter })
      // A link decides before the filter, until it is gone.
      unpin(path)
    },
    programId: ({ ifIndex, direction }) =>
      netlink.filters(ifIndex, direction).find(({ handle }) => handle === ourFilter.handle)?.programId,
    detach: ({ ifIndex, direction }) => netlink.deleteBpfFilter({ ifIndex, direction, ...ourFilter }),
  }
}
