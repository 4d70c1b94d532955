import type { BpfKernel } from '@axoneme/bpf'
import type { Netlink } from '@axoneme/netlink'
import type { Netns } from '@axoneme/syscalls'
import { clsactAttacher } from './clsact.ts'
import { tcxAttacher } from './tcx.ts'

/**
 * How programs get onto devices. `tcx` (Linux 6.6): pinned links, which nobody else can take away. `clsact`: tc filters,
 * for older kernels; they belong to the device and go with it. Where both are, only tcx is asked: our programs always
 * decide.
 */
export type AttachmentKind = 'tcx' | 'clsact'

/** A place for one program of ours. */
export type Hook = Readonly<{
  ifIndex: number
  direction: 'ingress' | 'egress'
  /** Where a link is pinned. */
  path: string
}>

export type Attacher = Readonly<{
  kind: AttachmentKind
  /**
   * Puts the program in the place of ours that is there, if one is, without a packet in between that sees none; what
   * the other kind attached goes. Throws SyscallError.
   */
  attach(hook: Hook, program: { fd: number; name: string }): void
  isAttached(hook: Hook): boolean
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
  const chosen = kind ?? (options.kernel.hasTcx() ? 'tcx' : 'clsact')
  return chosen === 'tcx' ? tcxAttacher(options) : clsactAttacher(options)
}
