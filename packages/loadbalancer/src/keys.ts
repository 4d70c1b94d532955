import type { L4Protocol } from '@axoneme/net-types'

export type L4Address = Readonly<{ address: string; port: number; protocol: L4Protocol }>

/** `10.96.0.1:80/TCP`, `[fd00::1]:80/TCP`: the name of a frontend, and of a backend. */
export function frontendKey({ address, port, protocol }: L4Address): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`
}
