import type { CniRequest, PreviousResult } from './request.ts'
import { type CniVersion, isAtLeast } from './version.ts'

/** What an ADD made. */
export type CniAddResult = Readonly<{
  /** The pod's address, without a prefix length. */
  ip: string
  gateway: string
  hostIfName: string
  hostMac: string
  podMac: string
  mtu: number
  routes: readonly Readonly<{ destination: string; gateway?: string }>[]
}>

/** The result in the words of the version that the configuration asks for, behind what the plugins before us made. */
export function formatAddResult(request: CniRequest, result: CniAddResult): Record<string, unknown> {
  const { cniVersion, prevResult } = request.config
  const before = prevResult?.interfaces ?? []
  const mtu = isAtLeast(cniVersion, '1.1.0') ? { mtu: result.mtu } : {}
  const v6 = result.ip.includes(':')
  return {
    cniVersion,
    interfaces: [
      ...before,
      { name: result.hostIfName, mac: result.hostMac, ...mtu },
      { name: request.ifName, mac: result.podMac, ...mtu, sandbox: request.netnsPath },
    ],
    ips: [
      ...(prevResult?.ips ?? []),
      {
        ...ipVersion(cniVersion, v6),
        address: `${result.ip}/${v6 ? 128 : 32}`,
        gateway: result.gateway,
        interface: before.length + 1,
      },
    ],
    routes: [
      ...(prevResult?.routes ?? []),
      ...result.routes.map(({ destination, gateway }) => ({
        dst: destination,
        ...(gateway === undefined ? {} : { gw: gateway }),
      })),
    ],
    ...dnsOf(prevResult),
  }
}

/** 1.0.0 removed the field that the address tells anyway. */
function ipVersion(cniVersion: CniVersion, v6: boolean): { version?: '4' | '6' } {
  return isAtLeast(cniVersion, '1.0.0') ? {} : { version: v6 ? '6' : '4' }
}

function dnsOf(prevResult: PreviousResult | undefined): { dns?: object } {
  return prevResult?.dns === undefined ? {} : { dns: prevResult.dns }
}
