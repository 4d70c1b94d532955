import type { EndpointRow } from '@axoneme/endpoint'
import { CodedError } from '@axoneme/lifecycle'
import type { Netlink } from '@axoneme/netlink'
import { openLinkIfAny } from './attach.ts'
import { endpointAttachments } from './endpoint-programs.ts'
import type { DatapathObjects } from './objects.ts'

/** Throws CodedError saying what the endpoint lacks in the kernel: its link, or a program on it. */
export function verifyEndpoint(
  { kernel, paths }: Pick<DatapathObjects, 'kernel' | 'paths'>,
  netlink: Netlink,
  { id, hostIfName }: EndpointRow,
): void {
  const link = netlink.linkByName(hostIfName)
  if (link?.up !== true) {
    throw new CodedError('DATAPATH_NO_LINK', `find interface ${hostIfName} of endpoint ${id} and have it up`)
  }
  for (const program of Object.keys(endpointAttachments)) {
    using attached = openLinkIfAny(kernel, paths.endpointLink(id, program))
    if (attached === undefined || kernel.linkInfo(attached.fd).ifIndex !== link.ifIndex) {
      throw new CodedError(
        'DATAPATH_NO_PROGRAM',
        `find program ${program} on ${hostIfName} of endpoint ${id}`,
      )
    }
  }
}
