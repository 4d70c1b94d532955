import type { EndpointRow } from '@axoneme/endpoint'
import { CodedError } from '@axoneme/lifecycle'
import type { Netlink } from '@axoneme/netlink'
import type { EndpointPrograms } from './endpoint-programs.ts'

/** Throws CodedError saying what the endpoint lacks in the kernel: its link, or a program on it. */
export function verifyEndpoint(
  { netlink, programs }: { netlink: Netlink; programs: EndpointPrograms },
  { id, hostIfName }: EndpointRow,
): void {
  const link = netlink.linkByName(hostIfName)
  if (link?.up !== true) {
    throw new CodedError('DATAPATH_NO_LINK', `find interface ${hostIfName} of endpoint ${id} and have it up`)
  }
  const missing = programs.missing({ id, ifIndex: link.ifIndex })
  if (missing.length > 0) {
    throw new CodedError(
      'DATAPATH_NO_PROGRAM',
      `find program ${missing.join(', ')} on ${hostIfName} of endpoint ${id}`,
    )
  }
}
