import { datapathConstants } from '@axoneme/bpf-programs'
import { describe, expect, it } from 'vitest'
import { endpointConstants } from './endpoint-constants.ts'
import { endpointRow } from './testing/rows.ts'

const endpoint = {
  ...endpointRow({ id: 513, ipv4: '10.0.1.2', identity: 70_000, netnsPath: '/netns' }),
  podMac: '02:be:ef:12:34:56',
  hostMac: '02:be:ef:12:34:57',
}

describe('endpointConstants', () => {
  it('gives addresses as their bytes', () => {
    expect(endpointConstants(endpoint, { ifIndex: 7, tunnelIfIndex: 9 })).toEqual({
      EP_ID: 513,
      EP_IDENTITY: 70_000,
      EP_IPV4: Uint8Array.of(10, 0, 1, 2),
      EP_IFINDEX: 7,
      POD_MAC: Uint8Array.of(2, 0xbe, 0xef, 0x12, 0x34, 0x56),
      HOST_MAC: Uint8Array.of(2, 0xbe, 0xef, 0x12, 0x34, 0x57),
      TUNNEL_IFINDEX: 9,
    })
  })

  it('gives the constants of the template, the tunnel only where there is one', () => {
    const names = (tunnelIfIndex?: number) =>
      Object.keys(endpointConstants(endpoint, { ifIndex: 7, tunnelIfIndex })).sort()
    expect(names(9)).toEqual([...datapathConstants].sort())
    expect(names()).toEqual(datapathConstants.filter((name) => name !== 'TUNNEL_IFINDEX').sort())
  })

  it.each([{ ipv4: '10.0.1' }, { podMac: '02:be:ef:12:34' }, { hostMac: '' }])(
    'names an address that is none: %j',
    (wrong) => {
      expect(() =>
        endpointConstants({ ...endpoint, ...wrong }, { ifIndex: 7, tunnelIfIndex: undefined }),
      ).toThrow(`encode endpoint address ${Object.values(wrong)[0]}`)
    },
  )
})
