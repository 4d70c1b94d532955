import type { BpfKernel } from '@axoneme/bpf'
import type { Netlink } from '@axoneme/netlink'
import type { Netns } from '@axoneme/syscalls'
import { clsactHooks } from './clsact.ts'
import { tcxHooks } from './tcx.ts'

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

/** Hooks by one kind of attachment. Throws SyscallError, NetlinkError. */
export type Hooks = Readonly<{
  kind: AttachmentKind
  /**
   * Puts the program in the place of ours that is there, if one is, without a packet in between that sees none or is
   * decided on twice. What the other kind attached decides until then, and goes.
   */
  attach(hook: Hook, program: { fd: number; name: string }): void
  /** The id of our program that is attached by this kind. */
  programId(hook: Hook): number | undefined
  /** Takes our program off a device that stays. Nothing there is fine. */
  detach(hook: Hook): void
}>

/** A program in its place, which the kernel keeps until this is closed, whatever replaces it. */
export type HeldProgram = Disposable & Readonly<{ restore(): void }>

export type Attacher = Omit<Hooks, 'programId'> &
  Readonly<{
    isAttached(hook: Hook): boolean
    /** Our program that decides at the hook, by whatever kind it is attached; `restore` puts it back by that kind. */
    hold(hook: Hook): HeldProgram | undefined
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
  const { kernel } = options
  const all = { tcx: tcxHooks(options), clsact: clsactHooks(options) }
  const { programId, ...chosen } = all[kind ?? (kernel.hasTcx() ? 'tcx' : 'clsact')]
  const deciding = (hook: Hook) => {
    // The kernel asks tcx first, and no other after a program of ours.
    for (const hooks of [all.tcx, all.clsact]) {
      const id = hooks.programId(hook)
      if (id !== undefined) return { id, hooks }
    }
    return undefined
  }
  return {
    ...chosen,
    isAttached: (hook) => programId(hook) !== undefined,
    hold(hook) {
      const before = deciding(hook)
      if (before === undefined) return undefined
      const program = kernel.openProgram(before.id)
      return {
        restore() {
          if (deciding(hook)?.id !== before.id) before.hooks.attach(hook, program)
        },
        [Symbol.dispose]: () => program.close(),
      }
    },
  }
}
