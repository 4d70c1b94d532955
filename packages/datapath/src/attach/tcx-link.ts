import type { BpfKernel, BpfLink } from '@axoneme/bpf'
import { ENOENT, SyscallError } from '@axoneme/syscalls'
import type { Hook } from './attacher.ts'

/** The link pinned for the hook, if it is still on that device. */
export function linkOn(kernel: BpfKernel, { path, ifIndex }: Hook): BpfLink | undefined {
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
