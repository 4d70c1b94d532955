import { createHash } from 'node:crypto'
import { getHeapStatistics } from 'node:v8'
import { z } from 'zod'
import type { OpenPodCache, PodCache } from './pod-cache.ts'
import { answerParent } from './worker.ts'

// One side in a process of its own, measured from within.

const questions = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('open') }),
  z.object({ ask: z.literal('close') }),
  z.object({ ask: z.literal('heap') }),
  z.object({ ask: z.literal('expect'), count: z.int() }),
  z.object({ ask: z.literal('arrived') }),
  z.object({ ask: z.literal('digest') }),
])

const [module, kubeconfigPath] = process.argv.slice(2) as [string, string]
// Only the side that is measured is loaded.
const { openPodCache } = (await import(module)) as { openPodCache: OpenPodCache }
const signal = new AbortController().signal

let cache: PodCache | undefined
let awaited = 0
let arrival = Promise.withResolvers<Usage>()
let before: Usage = usage()

type Usage = Readonly<{ cpuUs: number; allocatedBytes: number }>

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system, allocatedBytes: getHeapStatistics().total_allocated_bytes }
}

function onEvent(): void {
  if (--awaited === 0) arrival.resolve(usage())
}

answerParent(async (message) => {
  const question = questions.parse(message)
  switch (question.ask) {
    case 'open':
      cache = await openPodCache({ kubeconfigPath, onEvent, signal })
      return { size: cache.size }
    case 'close':
      await cache?.[Symbol.asyncDispose]()
      cache = undefined
      return {}
    case 'heap':
      return { bytes: await heapKept() }
    case 'expect':
      awaited = question.count
      arrival = Promise.withResolvers()
      before = usage()
      return {}
    case 'arrived': {
      const after = await arrival.promise
      return {
        cpuUs: after.cpuUs - before.cpuUs,
        allocatedBytes: after.allocatedBytes - before.allocatedBytes,
      }
    }
    case 'digest':
      return {
        digest: createHash('sha256')
          .update((cache?.lines() ?? []).sort().join('\n'))
          .digest('hex'),
      }
  }
})

/** What is reachable, buffers outside of the heap included. */
async function heapKept(): Promise<number> {
  // What closes, and code that ages, takes several collections to go.
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    globalThis.gc?.()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
