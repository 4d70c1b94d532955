import { l4ProtocolNumber, parseL4Protocol } from '@axoneme/net-types'
import type { SlimNetworkPolicyPort } from '@axoneme/slim-types'

/** The part of a policy entry that says what is reached: see PolicyEntry for the fields. */
export type PortMatch = Readonly<{ protocol: number; port: number; portPrefixLength: number }>

export const anyPort: PortMatch = { protocol: 0, port: 0, portPrefixLength: 0 }

type PortProblem = Readonly<{ field: 'protocol' | 'port' | 'endPort'; message: string }>

/**
 * What one `ports` item allows, or why it cannot be applied. `protocol` absent is TCP, `port` absent is every port
 * (NetworkPolicy API reference, networking.k8s.io/v1).
 */
export function compilePort(item: SlimNetworkPolicyPort): PortMatch[] | PortProblem {
  const protocol = parseL4Protocol(item.protocol === '' ? 'TCP' : item.protocol)
  if (protocol === undefined)
    return { field: 'protocol', message: `protocol ${item.protocol} is not supported` }
  const { port, endPort } = item
  const number = l4ProtocolNumber(protocol)
  if (port === undefined) {
    if (endPort !== undefined) return { field: 'endPort', message: 'endPort needs a port' }
    return [{ protocol: number, port: 0, portPrefixLength: 0 }]
  }
  if (typeof port === 'string') {
    return { field: 'port', message: `named port ${port} is not supported yet, use its number` }
  }
  if (!isPort(port)) return { field: 'port', message: `${port} is not a port` }
  if (endPort === undefined) return [{ protocol: number, port, portPrefixLength: 16 }]
  if (!isPort(endPort) || endPort < port) {
    return { field: 'endPort', message: `${endPort} is not a port from ${port} on` }
  }
  return portPrefixes(port, endPort).map((prefix) => ({ protocol: number, ...prefix }))
}

/** The fewest prefixes that cover exactly the ports `first` to `last`, ascending. */
export function portPrefixes(first: number, last: number): { port: number; portPrefixLength: number }[] {
  const prefixes: { port: number; portPrefixLength: number }[] = []
  let port = first
  while (port <= last) {
    // The largest aligned block that starts here and does not reach beyond `last`.
    let bits = 0
    while (bits < 16 && port % 2 ** (bits + 1) === 0 && port + 2 ** (bits + 1) - 1 <= last) bits++
    prefixes.push({ port, portPrefixLength: 16 - bits })
    port += 2 ** bits
  }
  return prefixes
}

/** Whether `match` takes in the protocol and port (0 where the protocol has none). */
export function matchesPort(match: PortMatch, protocol: number, port: number): boolean {
  if (match.protocol === 0) return true
  const shift = 16 - match.portPrefixLength
  return match.protocol === protocol && match.port >> shift === port >> shift
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
}
