import { openBpfKernel } from '@axoneme/bpf'
import type { AttachmentKind } from '../attach/attacher.ts'
import { isRoot } from './test-cluster.ts'

/** What this kernel can: both, or clsact alone before Linux 6.6. */
export const attachmentKinds: readonly AttachmentKind[] =
  isRoot && openBpfKernel().hasTcx() ? ['tcx', 'clsact'] : ['clsact']

/** Where it is false, there is nothing between the two to test, and nothing is skipped. */
export const hasBothAttachmentKinds = attachmentKinds.length === 2
