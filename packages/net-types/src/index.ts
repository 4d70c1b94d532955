export {
  addressFamily,
  type Cidr,
  canonicalCidr,
  cidrContains,
  cidrHosts,
  formatCidr,
  formatIp,
  hostCidr,
  type IpFamily,
  parseCidr,
  parseIp,
} from './ip.ts'
export { formatMac, parseMac, randomMac } from './mac.ts'
export { type L4Protocol, l4ProtocolName, l4ProtocolNumber, parseL4Protocol } from './protocol.ts'
