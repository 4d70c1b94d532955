/** Layer 4 protocols that Kubernetes names, with their IANA numbers. */
const numbers = { TCP: 6, UDP: 17, SCTP: 132 } as const

export type L4Protocol = keyof typeof numbers

export function l4ProtocolNumber(protocol: L4Protocol): number {
  return numbers[protocol]
}

export function parseL4Protocol(text: string): L4Protocol | undefined {
  return Object.hasOwn(numbers, text) ? (text as L4Protocol) : undefined
}

/** The name for people: `TCP`, or the number where it has none here. */
export function l4ProtocolName(number: number): string {
  const names: Record<number, string> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' }
  return names[number] ?? String(number)
}
