import type { Labels } from '@axoneme/slim-types'

/**
 * The label of a canonical prefix: `10.0.0.0/8` -> `cidr:10.0.0.0/8`. Label keys have no colons, so IPv6 is written
 * with dashes, as in Cilium: `2001:db8::/32` -> `cidr:2001-db8--0/32`.
 */
export function cidrLabel(cidr: string): string {
  if (!cidr.includes(':')) return `cidr:${cidr}`
  const [address = '', length = ''] = cidr.split('/')
  const dashed = address.replaceAll(':', '-')
  const start = dashed.startsWith('-') ? '0' : ''
  const end = dashed.endsWith('-') ? '0' : ''
  return `cidr:${start}${dashed}${end}/${length}`
}

/** The labels of a prefix outside of the cluster. Wider prefixes that contain it are the caller's to add. */
export function cidrIdentityLabels(cidr: string): Labels {
  return { [cidrLabel(cidr)]: '', 'reserved:world': '' }
}
