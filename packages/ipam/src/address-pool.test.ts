import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAddressPool, type PoolEvent } from './address-pool.ts'

describe('createAddressPool', () => {
  it.each([
    { cidr: '10.0.0.0/24', free: 253, router: '10.0.0.1' },
    { cidr: '10.0.0.0/30', free: 1, router: '10.0.0.1' },
    { cidr: '10.0.0.6/31', free: 2, router: '' },
    { cidr: '10.0.0.7/32', free: 1, router: '' },
    { cidr: '10.0.0.9/24', free: 253, router: '10.0.0.1' },
    { cidr: 'fd00::/120', free: 254, router: 'fd00::1' },
    { cidr: 'fd00::/64', free: 2 ** 20 - 2, router: 'fd00::1' },
  ])('$cidr has $free addresses behind $router', ({ cidr, free, router }) => {
    const pool = createAddressPool({ cidr })
    expect(pool.freeCount).toBe(free)
    expect(pool.routerIp).toBe(router)
  })

  it('gives every address but the reserved ones, then says that there is none', () => {
    const pool = createAddressPool({
      cidr: '10.4.0.0/29',
      routerIp: '10.4.0.6',
      reserved: ['10.4.0.2', '1.1.1.1'],
    })
    const given = Array.from({ length: pool.capacity }, (_, i) => pool.allocate(`pod-${i}`))
    expect(given).toEqual(['10.4.0.1', '10.4.0.3', '10.4.0.4', '10.4.0.5'])
    expect(() => pool.allocate('pod-x')).toThrow(
      expect.objectContaining({ code: 'IPAM_POOL_EXHAUSTED', retryable: true, hint: expect.any(String) }),
    )
    expect(pool.release('10.4.0.3')).toBe(true)
    expect(pool.allocate('pod-x')).toBe('10.4.0.3')
  })

  it('lets a freed address rest until all others were given', () => {
    const pool = createAddressPool({ cidr: '10.4.0.0/29' })
    const first = pool.allocate('a')
    pool.release(first)
    const given = Array.from({ length: pool.capacity }, () => pool.allocate('b'))
    expect(given.at(-1)).toBe(first)
  })

  it('takes back the addresses of a restart and goes on behind them', () => {
    const pool = createAddressPool({ cidr: '10.4.0.0/24' })
    pool.allocateSpecific('10.4.0.9', 'a')
    pool.allocateSpecific('10.4.0.5', 'b')
    pool.allocateSpecific('10.4.0.5', 'b')
    expect(pool.allocate('c')).toBe('10.4.0.10')
    expect(pool.ownerOf('10.4.0.5')).toBe('b')
    expect(pool.leases()).toEqual([
      { address: '10.4.0.5', owner: 'b' },
      { address: '10.4.0.9', owner: 'a' },
      { address: '10.4.0.10', owner: 'c' },
    ])
  })

  it.each([
    { address: '10.4.0.0', code: 'IPAM_ADDRESS_UNAVAILABLE' },
    { address: '10.4.0.1', code: 'IPAM_ADDRESS_UNAVAILABLE' },
    { address: '10.4.0.255', code: 'IPAM_ADDRESS_UNAVAILABLE' },
    { address: '10.4.1.0', code: 'IPAM_ADDRESS_UNAVAILABLE' },
    { address: 'fd00::2', code: 'IPAM_ADDRESS_UNAVAILABLE' },
    { address: 'nonsense', code: 'IPAM_ADDRESS_UNAVAILABLE' },
    { address: '10.4.0.7', code: 'IPAM_ADDRESS_TAKEN' },
  ])('does not give $address', ({ address, code }) => {
    const pool = createAddressPool({ cidr: '10.4.0.0/24' })
    pool.allocateSpecific('10.4.0.7', 'a')
    expect(() => pool.allocateSpecific(address, 'b')).toThrow(expect.objectContaining({ code }))
    expect(pool.freeCount).toBe(252)
  })

  it.each([
    { cidr: 'x' },
    { cidr: '10.0.0.0/24', routerIp: '10.0.1.1' },
    { cidr: '10.0.0.0/24', routerIp: 'y' },
  ])('refuses $cidr $routerIp', (options) => {
    expect(() => createAddressPool(options)).toThrow(expect.objectContaining({ code: 'IPAM_POOL_CONFIG' }))
  })

  it('never gives one address to two owners and counts right, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('allocate' as const) }),
      fc.record({ kind: fc.constant('release' as const), last: fc.integer({ min: 0, max: 15 }) }),
      fc.record({ kind: fc.constant('specific' as const), last: fc.integer({ min: 0, max: 15 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const pool = createAddressPool({ cidr: '10.0.0.0/28' })
        const held = new Map<string, string>()
        for (const [i, at] of steps.entries()) {
          const owner = `owner-${i}`
          const address = 'last' in at ? `10.0.0.${at.last}` : ''
          if (at.kind === 'release') expect(pool.release(address)).toBe(held.delete(address))
          else if (at.kind === 'allocate' && held.size === 13) expect(() => pool.allocate(owner)).toThrow()
          else if (at.kind === 'allocate') {
            const given = pool.allocate(owner)
            expect(held.has(given)).toBe(false)
            held.set(given, owner)
          } else if (['10.0.0.0', '10.0.0.1', '10.0.0.15'].includes(address) || held.has(address)) {
            expect(() => pool.allocateSpecific(address, owner)).toThrow()
          } else {
            pool.allocateSpecific(address, owner)
            held.set(address, owner)
          }
          expect(pool.freeCount).toBe(13 - held.size)
          expect(new Map(pool.leases().map((lease) => [lease.address, lease.owner]))).toEqual(held)
        }
      }),
    )
  })
})

it('tells of each address that is given away or comes back', () => {
  const events: PoolEvent[] = []
  const pool = createAddressPool({ cidr: '10.4.0.0/29', observe: (event) => events.push(event) })
  const first = pool.allocate('a')
  pool.allocateSpecific('10.4.0.5', 'b')
  pool.allocateSpecific('10.4.0.5', 'b')
  pool.release(first)
  pool.release(first)
  const of = (action: PoolEvent['action'], used: number) => ({ action, family: 'ipv4', used, capacity: 5 })
  expect(events).toEqual([of('allocate', 1), of('allocate', 2), of('release', 1)])
})
