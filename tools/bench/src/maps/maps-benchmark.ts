import { type MapSpec, openBpfKernel } from '@axoneme/bpf'
import type { Benchmark } from '../benchmark.ts'
import { startCPeer } from '../c-peer.ts'
import { measureInterleaved, type Sampler, timed } from '../samples.ts'

const entryCount = 10_000
const spec: MapSpec = {
  name: 'axo_bench',
  type: 'hash',
  keySize: 16,
  valueSize: 16,
  maxEntries: entryCount,
  flags: 0,
}

/** The cost of one entry through our maps, and of the same loops in C on a map of the same shape (c/map-loop.c). */
export const mapsBenchmark: Benchmark = {
  name: 'maps',
  summary: `hash map with ${entryCount} entries: one by one, in one batch, and the same in C`,
  async run({ rounds, workDir, progress, signal }) {
    progress('building the peer')
    await using peer = await startCPeer('map-loop', { args: [String(entryCount)], workDir, signal })
    using map = openBpfKernel().createMap(spec)
    const entries = Array.from({ length: entryCount }, (_, index) => [entry(index), entry(index)] as const)
    map.updateBatch(entries)
    const inC = (command: string): Sampler => {
      const name = `c_${command.replace('-', '_')}`
      return async () => ({ [name]: Number(await peer.ask(command)) / entryCount })
    }
    const ours = (name: string, run: () => void): Sampler => {
      return async () => ({ [name]: (timed(run).ms * 1e6) / entryCount })
    }
    const ns = await measureInterleaved(
      [
        ours('update', () => {
          for (const [key, value] of entries) map.update(key, value)
        }),
        inC('update'),
        ours('update_batch', () => map.updateBatch(entries)),
        inC('update-batch'),
        ours('lookup', () => {
          for (const [key] of entries) map.lookup(key)
        }),
        inC('lookup'),
      ],
      { rounds, onRound: (round) => progress(`round ${round} of ${rounds}`), signal },
    )
    return {
      ratios: {
        single_over_batch: ns.of('update') / ns.of('update_batch'),
        update_over_c: ns.of('update') / ns.of('c_update'),
        update_batch_over_c: ns.of('update_batch') / ns.of('c_update_batch'),
        lookup_over_c: ns.of('lookup') / ns.of('c_lookup'),
      },
      figures: {
        update_ns: ns.of('update'),
        update_batch_ns: ns.of('update_batch'),
        lookup_ns: ns.of('lookup'),
        c_update_ns: ns.of('c_update'),
        c_update_batch_ns: ns.of('c_update_batch'),
        c_lookup_ns: ns.of('c_lookup'),
        entries_count: entryCount,
        rounds_count: rounds,
      },
    }
  },
}

/** A key or value of its own. */
function entry(index: number): Buffer {
  const bytes = Buffer.alloc(spec.keySize)
  bytes.writeUInt32LE(index)
  return bytes
}
