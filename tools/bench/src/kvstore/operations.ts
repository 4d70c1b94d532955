import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Sampler } from '../samples.ts'
import type { Side } from './sides.ts'

type Calls = Readonly<Record<string, () => Promise<unknown>>>

/** Writes `count` keys under a prefix, several commits at a time. */
export type Fill = (prefix: string, count: number) => Promise<void>

/** What a pod's entry weighs, roughly. */
const value = JSON.stringify({ IP: '10.0.0.1', HostIP: '192.168.0.1', ID: 12345, K8sPodName: 'x'.repeat(60) })

const callsInTurn = 40
const callsAtOnce = 320
const lanes = 32
const keysPerCommit = 100
const commitsAtOnce = 8

/** Reads and writes of one key. */
export function plainCalls(side: Pick<Side, 'name' | 'get' | 'put'>): Calls {
  const key = `bench/${side.name}/fixed`
  return { put: () => side.put(key, value), get: () => side.get(key) }
}

/** Writes that depend on what is there. */
export function conditionalCalls(side: Side): Calls {
  const fixed = `bench/${side.name}/condition`
  let prepared: Promise<void> | undefined
  let count = 0
  const fresh = () => `bench/${side.name}/${count++}`
  return {
    create: () => side.create(fresh(), value),
    async txn() {
      prepared ??= side.put(fixed, value)
      await prepared
      if (!(await side.txn({ key: fixed, value }, [fresh(), fresh()])))
        throw new Error('the condition failed')
    },
  }
}

/** One call after the other: what a caller waits for. Milliseconds a call by `<call> <name>`. */
export function inTurn(name: string, calls: Calls): Sampler {
  return async () => {
    const figures: Record<string, number> = {}
    for (const [kind, call] of Object.entries(calls)) {
      const startedMs = performance.now()
      for (let i = 0; i < callsInTurn; i++) await call()
      figures[`${kind} ${name}`] = (performance.now() - startedMs) / callsInTurn
    }
    return figures
  }
}

/** Many calls at once. Milliseconds a call by `<call> at once <name>`. */
export function atOnce(name: string, calls: Calls): Sampler {
  return async () => {
    const figures: Record<string, number> = {}
    for (const [kind, call] of Object.entries(calls)) {
      let left = callsAtOnce
      const lane = async () => {
        while (left-- > 0) await call()
      }
      const startedMs = performance.now()
      await Promise.all(Array.from({ length: lanes }, lane))
      figures[`${kind} at once ${name}`] = (performance.now() - startedMs) / callsAtOnce
    }
    return figures
  }
}

/** From the first of many writes until the last is told. Milliseconds an event by `watch <name>`. */
export function watching(side: Side, { fill, events }: { fill: Fill; events: number }): Sampler {
  let round = 0
  return async () => {
    const prefix = `watched/${side.name}/${round++}/`
    const all = Promise.withResolvers<void>()
    let told = 0
    await using _watch = await side.watch(prefix, () => {
      if (++told === events) all.resolve()
    })
    const startedMs = performance.now()
    await fill(prefix, events)
    await all.promise
    return { [`watch ${side.name}`]: (performance.now() - startedMs) / events }
  }
}

/** All keys of a prefix. Milliseconds by `list <name>`, what the result keeps by `list kept <name>`, in MB. */
export function listing(side: Side, { prefix, count }: { prefix: string; count: number }): Sampler {
  const collectGarbage = garbageCollector()
  const usedMb = () => {
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    return (heapUsed + external) / 1e6
  }
  return async () => {
    const before = usedMb()
    const startedMs = performance.now()
    const listed = await side.list(prefix)
    const ms = performance.now() - startedMs
    const keptMb = usedMb() - before
    if (listed.size !== count) throw new Error(`${side.name} listed ${listed.size} of ${count} keys`)
    return { [`list ${side.name}`]: ms, [`list kept ${side.name}`]: Math.max(0, keptMb) }
  }
}

export function fillWith(side: { commit(keys: readonly string[], value: string): Promise<void> }): Fill {
  return async (prefix, count) => {
    let next = 0
    const lane = async () => {
      for (let from = next; from < count; from = next) {
        next = Math.min(count, from + keysPerCommit)
        const keys = Array.from({ length: next - from }, (_, i) => `${prefix}${from + i}`)
        await side.commit(keys, value)
      }
    }
    await Promise.all(Array.from({ length: commitsAtOnce }, lane))
  }
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
