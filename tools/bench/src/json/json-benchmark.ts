import { readFileSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import {
  ciliumEndpointDecoder,
  createInterner,
  type Decoder,
  nodeDecoder,
  podDecoder,
  readJson,
  wholeMessage,
} from '@axoneme/slim-types'
import type { Benchmark } from '../benchmark.ts'
import { measureInterleaved, type Sampler } from '../samples.ts'

const data = new URL('../../../../../shared/data/', import.meta.url)
const timesPerSample = 500

/** Objects that are read for what is wanted of them, beside the same by way of JSON.parse. */
export const jsonBenchmark: Benchmark = {
  name: 'json',
  summary: 'rows from the JSON of captured objects: read by shape, and out of what JSON.parse makes',
  async run({ rounds, progress, signal }) {
    const interner = createInterner()
    const kinds = [
      kindOf('pod', podDecoder(interner), 'wire/pods.list.json'),
      kindOf('node', nodeDecoder(interner), 'wire/nodes.list.json'),
      kindOf('ciliumendpoint', ciliumEndpointDecoder(interner), 'cilium/ciliumendpoints.json'),
    ]
    const medians = await measureInterleaved(
      kinds.flatMap(({ samplers }) => samplers),
      { rounds, onRound: (round) => progress(`round ${round} of ${rounds}`), signal },
    )
    const figuresOf = ({ name, bytes }: (typeof kinds)[number]) => [
      ...['us', 'alloc_bytes'].flatMap((unit) =>
        ['', 'parse_'].map(
          (side) => [`${name}_${side}${unit}`, medians.of(`${name}_${side}${unit}`)] as const,
        ),
      ),
      [`${name}_json_bytes`, bytes] as const,
    ]
    const ratiosOf = ({ name }: (typeof kinds)[number]) =>
      [
        ['cpu', 'us'],
        ['alloc', 'alloc_bytes'],
      ].map(([what, unit]) => [
        `${name}_parse_${what}_over_ours`,
        medians.of(`${name}_parse_${unit}`) / medians.of(`${name}_${unit}`),
      ])
    return {
      ratios: Object.fromEntries(kinds.flatMap(ratiosOf)),
      figures: { ...Object.fromEntries(kinds.flatMap(figuresOf)), rounds_count: rounds },
    }
  },
}

function kindOf<T>(name: string, decoder: Decoder<T>, path: string) {
  const { items }: { items: readonly object[] } = JSON.parse(readFileSync(new URL(path, data), 'utf8'))
  const objects = items.map((item) => Buffer.from(JSON.stringify(item)))
  const { jsonShape, fromJson } = decoder
  const samplers: Sampler[] = [
    sampler(`${name}_`, objects, (object) => fromJson(readJson(wholeMessage(object), jsonShape))),
    sampler(`${name}_parse_`, objects, (object) => fromJson(JSON.parse(object.toString('utf8')))),
  ]
  return { name, samplers, bytes: objects.reduce((sum, { length }) => sum + length, 0) / objects.length }
}

/** Microseconds of processor time and bytes of heap for each object. */
function sampler(prefix: string, objects: readonly Buffer[], decode: (object: Buffer) => unknown): Sampler {
  return async () => {
    const allocated = getHeapStatistics().total_allocated_bytes
    const started = process.cpuUsage()
    for (let i = 0; i < timesPerSample; i++) decode(objects[i % objects.length] as Buffer)
    const { user, system } = process.cpuUsage(started)
    return {
      [`${prefix}us`]: (user + system) / timesPerSample,
      [`${prefix}alloc_bytes`]: (getHeapStatistics().total_allocated_bytes - allocated) / timesPerSample,
    }
  }
}
