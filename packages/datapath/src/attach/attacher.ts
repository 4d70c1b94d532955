import type { BpfKernel } from '@axoneme/bpf'
import type { Netlink } from '@axoneme/netlink'
import type { Netns } from '@axoneme/syscalls'
import { clsactAttacher } from './clsact.ts'
import { tcxAttacher } from './tcx.ts'

/**
 * How programs get onto devices. `tcx` (Linux 6.6): pinned links, which nobody else can take away. `clsact`: tc filters,
 * for older kernels; they belong to the device and go with it. Where both are, only tcx is asked: our programs always
 * decide.
 *
 * With `clsact` a hook that has a link of ours keeps it: when a device that is up gets its clsact qdisc, the kernel drops
 * what is sent over it for a grace period (qdisc_graft in net/sched/sch_api.c). With `tcx` a filter gives way to a link.
 */
export type AttachmentKind = 'tcx' | 'clsact'

/** A place for one program of ours. */
export type Hook = Readonly<{
  ifIndex: number
  direction: 'ingress' | 'egress'
  /** Where a link is pinned. */
  path: string
}>

/** A program in its place. Nothing that replaces it ends it before this is closed. */
export type HeldProgram = Disposable &
  Readonly<{
    /** Puts it back in its place. */
    restore(): void
  }>

/** All throw SyscallError or NetlinkError. */
export type Attacher = Readonly<{
  kind: AttachmentKind
  /**
   * Puts the program in the place of ours that is there, if one is, without a packet in between that meets none or
   * two.
   */
  attach(hook: Hook, program: { fd: number; name: string }): void
  /** Whether our program is attached as this kind would leave it. */
  isAttached(hook: Hook): boolean
  /** The kernel's id of our program that decides at the hook, attached by whatever kind; undefined for none. */
  decidingId(hook: Hook): number | undefined
  /** That program, for `restore`, which attaches it as it is attached now. */
  hold(hook: Hook): HeldProgram | undefined
  /** Takes our program off a device that stays. Nothing there is fine. */
  detach(hook: Hook): void
}>

export type AttacherOptions = Readonly<{
  kernel: BpfKernel
  /** Of the namespace `netns`. */
  netlink: Netlink
  /** Of the devices; this thread's when absent. */
  netns?: Netns | undefined
}>

/** By default the better of what the kernel has. */
export function openAttacher({
  kind,
  ...options
}: AttacherOptions & { kind?: AttachmentKind | undefined }): Attacher {
  const [tcx, clsact] = [tcxAttacher(options), clsactAttacher(options)]
  // As the kernel does: the filter's turn does not come while there is a link.
  const decidingId = (hook: Hook) => tcx.decidingId(hook) ?? clsact.decidingId(hook)
  const hold = (hook: Hook) => tcx.hold(hook) ?? clsact.hold(hook)
  const chosen = kind ?? (options.kernel.hasTcx() ? 'tcx' : 'clsact')
  if (chosen === 'tcx') return { ...tcx, decidingId, hold }
  return {
    kind: 'clsact',
    decidingId,
    hold,
    attach: (hook, program) => (tcx.isAttached(hook) ? tcx : clsact).attach(hook, program),
    isAttached: (hook) => decidingId(hook) !== undefined,
    detach(hook) {
      tcx.detach(hook)
      clsact.detach(hook)
    },
  }
}
