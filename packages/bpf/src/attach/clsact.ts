import type { Netlink } from '@axoneme/netlink'
import type { TcxAttachment } from './tcx.ts'

/** Where this project's filters lie among those of others. */
const defaultPriority = 1
const defaultHandle = 1

/**
 * A program at a device's clsact hook. It stays when this process ends, and goes with the device: there is nothing to
 * close.
 */
export type ClsactFilter = Readonly<{
  /** Puts another program in place, atomically: each packet sees the old one or the new one. */
  update(program: { fd: number; name: string }): void
  /** Takes the filter away; one that is gone already is fine. The hooks stay, as others may use them. */
  detach(): void
}>

export type ClsactAttachment = TcxAttachment &
  Readonly<{
    /** Open in the device's network namespace. */
    netlink: Pick<Netlink, 'addClsact' | 'replaceBpfFilter' | 'deleteBpfFilter'>
    /** 1 by default, as is the handle: attaching again replaces what an earlier process attached. */
    priority?: number
    handle?: number
  }>

/** Attaches by tc, for kernels without tcx (before Linux 6.6). Throws NetlinkError. */
export function attachClsact(attachment: ClsactAttachment): ClsactFilter {
  const { netlink, program, ifIndex, direction } = attachment
  const { priority = defaultPriority, handle = defaultHandle } = attachment
  const place = { ifIndex, direction, priority, handle }
  const update = ({ fd, name }: { fd: number; name: string }) =>
    netlink.replaceBpfFilter({ ...place, programFd: fd, name })
  netlink.addClsact(ifIndex)
  update(program)
  return { update, detach: () => netlink.deleteBpfFilter(place) }
}
