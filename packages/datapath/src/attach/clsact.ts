import { attachClsact, unpin } from '@axoneme/bpf'
import type { Netlink } from '@axoneme/netlink'
import type { Attacher } from './attacher.ts'

/** Where our filter is among those of others: before the ones that have no priority, under a number of our own. */
export const ourFilter = { priority: 1, handle: 0xa50 } as const

export function clsactAttacher({ netlink }: { netlink: Netlink }): Attacher {
  return {
    kind: 'clsact',
    attach({ ifIndex, direction, path }, program) {
      attachClsact({ netlink, program, ifIndex, direction, ...ourFilter })
      unpin(path)
    },
    isAttached: ({ ifIndex, direction }) =>
      netlink.filters(ifIndex, direction).some(({ handle }) => handle === ourFilter.handle),
    detach: ({ ifIndex, direction }) => netlink.deleteBpfFilter({ ifIndex, direction, ...ourFilter }),
  }
}
