import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Benchmark } from '../benchmark.ts'
import { BenchError } from '../errors.ts'
import { measureInterleaved, type Sampler } from '../samples.ts'
import { startWorker } from './worker.ts'

const fullRounds = 7

type Sizes = Readonly<{ pods: number; events: number; settlingEvents: number; warmUpEvents: number }>

/**
 * An agent runs for weeks: what V8's compilers take until its code is as fast as it gets is not in its events. These are so many
 * that V8 collects all of its garbage once or not much more rarely.
 */
const fullSizes: Sizes = { pods: 10_000, events: 100_000, settlingEvents: 2_000, warmUpEvents: 160_000 }
const eventsAtOnce = 20_000
const quickSizes: Sizes = { pods: 2000, events: 500, settlingEvents: 100, warmUpEvents: 500 }

const sides = {
  ours: new URL('reflector-cache.ts', import.meta.url),
  informer: new URL('informer-cache.ts', import.meta.url),
} as const
type Side = keyof typeof sides

/** Our reflector and the informer of `@kubernetes/client-node`, on the same pods and events. */
export const watchBenchmark: Benchmark = {
  name: 'watch',
  summary: 'a watch of pods: CPU, bytes allocated and heap kept, beside the informer of client-node',
  fullRounds,
  async run({ rounds, workDir, progress, signal }) {
    const sizes = rounds < fullRounds ? quickSizes : fullSizes
    const digests = new Set<string>()
    const sampler =
      (side: Side): Sampler =>
      async () => {
        const { digest, ...durations } = await measureSide({ side, sizes, workDir, signal })
        digests.add(digest)
        return Object.fromEntries(
          Object.entries(durations).map(([name, value]) => [`${side}_${name}`, value]),
        )
      }
    const figures = await measureInterleaved([sampler('ours'), sampler('informer')], {
      rounds,
      onRound: (round) => progress(`round ${round} of ${rounds}`),
      signal,
    })
    if (digests.size !== 1) throw new BenchError('the sides do not hold the same pods after the same events')
    const ratio = (name: string) => figures.of(`informer_${name}`) / figures.of(`ours_${name}`)
    return {
      ratios: {
        informer_cpu_over_ours: ratio('cpu_us'),
        informer_alloc_over_ours: ratio('alloc_bytes'),
        informer_heap_over_ours: ratio('heap_bytes'),
      },
      figures: {
        ...Object.fromEntries(
          (['ours', 'informer'] as const).flatMap((side) => [
            [`${side}_cpu_us`, figures.of(`${side}_cpu_us`)],
            [`${side}_alloc_bytes`, figures.of(`${side}_alloc_bytes`)],
            [`${side}_heap_bytes`, figures.of(`${side}_heap_bytes`)],
            [`${side}_wire_bytes`, figures.of(`${side}_wire_bytes`)],
          ]),
        ),
        pods_count: sizes.pods,
        events_count: sizes.events,
        rounds_count: rounds,
      },
    }
  },
}

const nothing = z.object({})

type SideOptions = Readonly<{ side: Side; sizes: Sizes; workDir: string; signal: AbortSignal }>

/** The figures of one side: what its cache holds, and what events cost, each in processes of their own. */
async function measureSide(options: SideOptions) {
  const heapBytes = await measureHeap(options)
  return { ...(await measureEvents(options)), heap_bytes: heapBytes }
}

/** By the pod. What a cache holds is what goes with it; after some events nobody holds on to the list any more. */
async function measureHeap(options: SideOptions): Promise<number> {
  const { pods, settlingEvents } = options.sizes
  await using running = await startSide(options)
  await running.stream(settlingEvents)
  const heldBytes = await running.heap()
  await running.close()
  return (heldBytes - (await running.heap())) / pods
}

async function measureEvents(options: SideOptions) {
  const { events, warmUpEvents } = options.sizes
  await using running = await startSide(options)
  const streamed = async (count: number) => {
    let [cpuUs, allocatedBytes, bytes] = [0, 0, 0]
    // The apiserver makes all events of a call before it sends the first one.
    for (let sent = 0; sent < count; sent += eventsAtOnce) {
      const usage = await running.stream(Math.min(eventsAtOnce, count - sent))
      cpuUs += usage.cpuUs
      allocatedBytes += usage.allocatedBytes
      bytes += usage.bytes
    }
    return { cpuUs, allocatedBytes, bytes }
  }
  await streamed(warmUpEvents)
  const { cpuUs, allocatedBytes, bytes } = await streamed(events)
  return {
    digest: await running.digest(),
    cpu_us: cpuUs / events,
    alloc_bytes: allocatedBytes / events,
    wire_bytes: bytes / events,
  }
}

/** One side that has listed, and its apiserver. */
async function startSide({ side, sizes, workDir, signal }: SideOptions) {
  await using stack = new AsyncDisposableStack()
  const apiserver = stack.use(
    startWorker(new URL('apiserver.ts', import.meta.url), { args: [String(sizes.pods)], signal }),
  )
  const { url } = await apiserver.ask({ ask: 'url' }, z.object({ url: z.string() }))
  const kubeconfigPath = join(workDir, `${side}.kubeconfig`)
  await writeFile(kubeconfigPath, kubeconfigOf(url))
  const cache = stack.use(
    startWorker(new URL('side.ts', import.meta.url), { args: [sides[side].href, kubeconfigPath], signal }),
  )
  const { size } = await cache.ask({ ask: 'open' }, z.object({ size: z.int() }))
  if (size !== sizes.pods) throw new BenchError(`${side} listed ${size} pods of ${sizes.pods}`)
  const owned = stack.move()
  return {
    /** Sends events and waits until the last one is in the cache. */
    async stream(count: number) {
      await cache.ask({ ask: 'expect', count }, nothing)
      const { bytes } = await apiserver.ask({ ask: 'events', count }, z.object({ bytes: z.number() }))
      const usage = await cache.ask(
        { ask: 'arrived' },
        z.object({ cpuUs: z.number(), allocatedBytes: z.number() }),
      )
      return { ...usage, bytes }
    },
    heap: async () => (await cache.ask({ ask: 'heap' }, z.object({ bytes: z.number() }))).bytes,
    digest: async () => (await cache.ask({ ask: 'digest' }, z.object({ digest: z.string() }))).digest,
    close: () => cache.ask({ ask: 'close' }, nothing),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** JSON is YAML. Without TLS: the informer wants to be told that this is meant. */
function kubeconfigOf(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    clusters: [{ name: 'bench', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'bench', user: {} }],
  })
}
