import { setTimeout as delay } from 'node:timers/promises'
import type { BpfMap } from '@axoneme/bpf'
import { ct4Key, ctEntry } from '@axoneme/bpf-programs'
import { createLogger } from '@axoneme/log'
import { describe, expect, it, vi } from 'vitest'
import {
  type CtGcFailure,
  type CtGcRun,
  collectConntrackGarbage,
  nextCtGcInterval,
  runConntrackGc,
} from './ct-gc.ts'
import { isRoot } from './testing/test-cluster.ts'
import { testMap } from './testing/test-maps.ts'

const minutes = 60_000
const hours = 60 * minutes

it.each([
  { what: 'few are dead: half as long again', previous: 5 * minutes, share: 0, next: 7.5 * minutes },
  { what: 'just below the lower bound', previous: 5 * minutes, share: 0.049, next: 7.5 * minutes },
  { what: 'at the lower bound: unchanged', previous: 5 * minutes, share: 0.05, next: 5 * minutes },
  { what: 'at the upper bound: unchanged', previous: 5 * minutes, share: 0.25, next: 5 * minutes },
  { what: 'above: shorter by the share', previous: 10 * minutes, share: 0.4, next: 6 * minutes },
  { what: 'all dead: a tenth', previous: 10 * minutes, share: 1, next: 1 * minutes },
  { what: 'never below ten seconds', previous: 12_000, share: 1, next: 10_000 },
  { what: 'never above twelve hours', previous: 11 * hours, share: 0, next: 12 * hours },
])('$what', ({ previous, share, next }) => {
  expect(nextCtGcInterval(previous, share)).toBeCloseTo(next, 6)
})

const keyOf = (sport: number) =>
  ct4Key.encode({ saddr: 1, daddr: 2, sport, dport: 80, protocol: 6, direction: 0 })

function entryOf(expiresSeconds: number): Buffer {
  return ctEntry.encode({
    forwardPackets: 0n,
    forwardBytes: 0n,
    replyPackets: 0n,
    replyBytes: 0n,
    expiresSeconds,
    createdSeconds: 0,
    peerIdentity: 0,
    policyEpoch: 0,
    ruleSet: 0,
    backendId: 0,
    revNatIndex: 0,
    endpointId: 0,
    flags: 0,
    forwardTcpFlags: 0,
    replyTcpFlags: 0,
  })
}

const ports = (map: BpfMap) =>
  Array.from(map.entries(), ([key]) => ct4Key.decode(key).sport).sort((a, b) => a - b)

describe.runIf(isRoot)('conntrack garbage collection', () => {
  const { signal } = new AbortController()

  it('removes what is expired and only that', async () => {
    using map = testMap('axo_ct4', { maxEntries: 4096 })
    for (let port = 1; port <= 1000; port++) map.update(keyOf(port), entryOf(port))
    const run = await collectConntrackGarbage(map, { nowSeconds: 600, sliceSize: 64, signal })
    expect(run).toMatchObject({ entries: 1000, deleted: 599 })
    // For the datapath an entry still exists in the second in which it expires.
    expect(ports(map)).toEqual(Array.from({ length: 401 }, (_, i) => 600 + i))
    expect(await collectConntrackGarbage(map, { nowSeconds: 600, signal })).toMatchObject({
      entries: 401,
      deleted: 0,
    })
  })

  it('spares an entry that is in use again before its turn comes', async () => {
    using map = testMap('axo_ct4')
    for (let port = 1; port <= 10; port++) map.update(keyOf(port), entryOf(1))
    // The look-up that precedes the deletion finds it renewed.
    const renewing = renewOnLookup(map, 5)
    const run = await collectConntrackGarbage(renewing, { nowSeconds: 100, signal })
    expect(run).toMatchObject({ entries: 10, deleted: 9 })
    expect(ports(map)).toEqual([5])
  })

  it('leaves the event loop its turns, and stops between slices', async () => {
    using map = testMap('axo_ct4')
    for (let port = 1; port <= 100; port++) map.update(keyOf(port), entryOf(1))
    const stop = new AbortController()
    setImmediate(() => stop.abort(new Error('stop')))
    const running = collectConntrackGarbage(map, { nowSeconds: 100, sliceSize: 10, signal: stop.signal })
    await expect(running).rejects.toThrow('stop')
    expect(ports(map).length).toBeGreaterThan(0)
  })

  it('runs again and again, survives a failure, and ends with the signal', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      using map = testMap('axo_ct4')
      map.update(keyOf(1), entryOf(50))
      const runs: CtGcRun[] = []
      const failures: CtGcFailure[] = []
      const stop = new AbortController()
      const warnings: string[] = []
      let clockFails = true
      const running = runConntrackGc({
        map,
        nowSeconds: () => {
          if (clockFails) throw new Error('no clock')
          return 100
        },
        log: createLogger({ sink: ({ message }) => warnings.push(message) }),
        signal: stop.signal,
        onRun: (run) => runs.push(run),
        onFailure: (failure) => failures.push(failure),
        random: () => 0.5,
      })
      await vi.advanceTimersByTimeAsync(299_999)
      expect(warnings).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      expect(warnings).toEqual(['conntrack not collected'])
      expect(failures).toHaveLength(1)
      clockFails = false
      await vi.advanceTimersByTimeAsync(300_000)
      while (runs.length === 0) await new Promise(setImmediate)
      expect(runs).toMatchObject([{ entries: 1, deleted: 1 }])
      stop.abort()
      await running
    } finally {
      vi.useRealTimers()
    }
    await delay(0)
  })
})

/** The map, in which the datapath renews the entry of `port` just before somebody looks it up. */
function renewOnLookup(map: BpfMap, port: number): BpfMap {
  const renewed = keyOf(port)
  return new Proxy(map, {
    get(target, name) {
      if (name === 'lookup') {
        return (key: Buffer) => {
          if (key.equals(renewed)) target.update(renewed, entryOf(1000))
          return target.lookup(key)
        }
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
