import { formatCidr, formatIp, parseCidr, parseIp } from '@axoneme/net-types'
import { z } from 'zod'

/** How Go marshals a net.IPNet: the address as text, the mask as base64 of its bytes. */
export const goIpNetSchema = z.object({ IP: z.string(), Mask: z.string() })

export type GoIpNet = z.output<typeof goIpNetSchema>

/** `{IP: '10.4.0.0', Mask: '////AA=='}` -> `10.4.0.0/24`; undefined when it is no prefix. */
export function cidrOfGoIpNet({ IP, Mask }: GoIpNet): string | undefined {
  const address = parseIp(IP)
  const mask = Buffer.from(Mask, 'base64')
  if (address === undefined || mask.length !== address.length) return undefined
  const bits = Array.from(mask, (byte) => byte.toString(2).padStart(8, '0')).join('')
  if (!/^1*0*$/.test(bits)) return undefined
  const prefixLength = bits.indexOf('0') < 0 ? bits.length : bits.indexOf('0')
  const cidr = parseCidr(`${IP}/${prefixLength}`)
  return cidr === undefined ? undefined : formatCidr(cidr)
}

/** Null for what is no prefix. */
export function goIpNetOfCidr(text: string): GoIpNet | null {
  const cidr = parseCidr(text)
  if (cidr === undefined) return null
  const mask = Buffer.alloc(cidr.address.length)
  for (let bit = 0; bit < cidr.prefixLength; bit++)
    mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return { IP: formatIp(cidr.address), Mask: mask.toString('base64') }
}
