/** IPv4 frames for tests: built with right checksums, read back with a check of every checksum. */

export type Transport =
  | Readonly<{ kind: 'tcp'; sport: number; dport: number; flags?: number; payload?: Buffer }>
  | Readonly<{ kind: 'udp'; sport: number; dport: number; withoutChecksum?: boolean; payload?: Buffer }>
  | Readonly<{ kind: 'echo'; id: number; reply?: boolean }>
  | Readonly<{ kind: 'icmp-error'; type?: number; code?: number; quote: Buffer }>
  | Readonly<{ kind: 'raw'; protocol: number; bytes: Buffer }>

export type Ipv4Options = Readonly<{
  saddr: string
  daddr: string
  transport: Transport
  ttl?: number
  id?: number
  moreFragments?: boolean
  /** In units of eight bytes. */
  fragmentOffset?: number
  /** Bytes of IP options, a multiple of 4. */
  ipOptions?: Buffer
}>

export const tcpFlags = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const
const protocols = { tcp: 6, udp: 17, echo: 1, 'icmp-error': 1 } as const
const ethernetBytes = 14

/** An Ethernet frame; the destination is the loopback device's address, so that test runs take it for the host's. */
export function frame(ip: Buffer, etherType = 0x0800): Buffer {
  const header = Buffer.alloc(ethernetBytes)
  header.writeUInt16BE(etherType, 12)
  return Buffer.concat([header, ip])
}

export function ipv4Frame(options: Ipv4Options): Buffer {
  return frame(ipv4(options))
}

export function ipv4({
  saddr,
  daddr,
  transport,
  ttl = 64,
  id = 7,
  moreFragments = false,
  fragmentOffset = 0,
  ipOptions = Buffer.alloc(0),
}: Ipv4Options): Buffer {
  const protocol = transport.kind === 'raw' ? transport.protocol : protocols[transport.kind]
  const header = Buffer.alloc(20 + ipOptions.length)
  header[0] = 0x40 | (header.length / 4)
  header.writeUInt16BE(id, 4)
  header.writeUInt16BE((moreFragments ? 0x2000 : 0) | fragmentOffset, 6)
  header[8] = ttl
  header[9] = protocol
  header.set(ipBytes(saddr), 12)
  header.set(ipBytes(daddr), 16)
  header.set(ipOptions, 20)
  const body = transportBytes(transport, pseudoHeader(header.subarray(12, 20), protocol))
  header.writeUInt16BE(header.length + body.length, 2)
  header.writeUInt16BE(checksum(header), 10)
  return Buffer.concat([header, body])
}

function transportBytes(transport: Transport, pseudo: (length: number) => Buffer): Buffer {
  switch (transport.kind) {
    case 'tcp': {
      const { sport, dport, flags = tcpFlags.syn, payload = Buffer.alloc(0) } = transport
      const header = Buffer.alloc(20)
      header.writeUInt16BE(sport, 0)
      header.writeUInt16BE(dport, 2)
      header[12] = 0x50
      header[13] = flags
      const bytes = Buffer.concat([header, payload])
      bytes.writeUInt16BE(checksum(pseudo(bytes.length), bytes), 16)
      return bytes
    }
    case 'udp': {
      const { sport, dport, withoutChecksum = false, payload = Buffer.alloc(0) } = transport
      const header = Buffer.alloc(8)
      header.writeUInt16BE(sport, 0)
      header.writeUInt16BE(dport, 2)
      header.writeUInt16BE(8 + payload.length, 4)
      const bytes = Buffer.concat([header, payload])
      if (!withoutChecksum) bytes.writeUInt16BE(checksum(pseudo(bytes.length), bytes) || 0xffff, 6)
      return bytes
    }
    case 'echo': {
      const bytes = Buffer.alloc(16)
      bytes[0] = transport.reply === true ? 0 : 8
      bytes.writeUInt16BE(transport.id, 4)
      bytes.writeUInt16BE(checksum(bytes), 2)
      return bytes
    }
    case 'icmp-error': {
      const bytes = Buffer.concat([
        Buffer.from([transport.type ?? 3, transport.code ?? 3, 0, 0, 0, 0, 0, 0]),
        transport.quote,
      ])
      bytes.writeUInt16BE(checksum(bytes), 2)
      return bytes
    }
    case 'raw':
      return transport.bytes
  }
}

export type ReadPacket = Readonly<{
  sourceMac: string
  destinationMac: string
  saddr: string
  daddr: string
  ttl: number
  protocol: number
  sport: number
  dport: number
  /** Behind the IPv4 header. */
  body: Buffer
  /** What is wrong with the checksums; empty when nothing is. */
  badChecksums: readonly string[]
}>

/** Reads a frame. `hasWholeTransport: false` for fragments and truncated packets, whose checksum cannot be checked. */
export function readFrame(bytes: Buffer, { hasWholeTransport = true } = {}): ReadPacket {
  return {
    destinationMac: bytes.subarray(0, 6).toString('hex'),
    sourceMac: bytes.subarray(6, 12).toString('hex'),
    ...readIpv4(bytes.subarray(ethernetBytes), { hasWholeTransport }),
  }
}

/** Reads an IPv4 packet, such as one that an ICMP error quotes. */
export function readIpv4(
  ip: Buffer,
  { hasWholeTransport = true } = {},
): Omit<ReadPacket, 'sourceMac' | 'destinationMac'> {
  const headerLength = ((ip[0] ?? 0) & 0xf) * 4
  const header = ip.subarray(0, headerLength)
  const protocol = header[9] ?? 0
  const body = ip.subarray(headerLength, ip.readUInt16BE(2))
  const badChecksums: string[] = []
  if (checksum(header) !== 0) badChecksums.push('ip')
  const pseudo = pseudoHeader(header.subarray(12, 20), protocol)(body.length)
  if (hasWholeTransport && protocol === 6 && checksum(pseudo, body) !== 0) badChecksums.push('tcp')
  if (hasWholeTransport && protocol === 17 && body.readUInt16BE(6) !== 0 && checksum(pseudo, body) !== 0)
    badChecksums.push('udp')
  if (hasWholeTransport && protocol === 1 && checksum(body) !== 0) badChecksums.push('icmp')
  return {
    saddr: header.subarray(12, 16).join('.'),
    daddr: header.subarray(16, 20).join('.'),
    ttl: header[8] ?? 0,
    protocol,
    sport: body.readUInt16BE(0),
    dport: body.readUInt16BE(2),
    body,
    badChecksums,
  }
}

export function ipBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number)
}

/** The address as `be32` fields have it. */
export function ipNumber(text: string): number {
  return Buffer.from(ipBytes(text)).readUInt32BE()
}

function pseudoHeader(addresses: Buffer, protocol: number): (length: number) => Buffer {
  return (length) => Buffer.concat([addresses, Buffer.from([0, protocol, length >> 8, length & 0xff])])
}

/** RFC 1071 over the parts, each of which but the last has an even length. */
function checksum(...parts: readonly Buffer[]): number {
  let sum = 0
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 2) sum += ((part[at] ?? 0) << 8) | (part[at + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
