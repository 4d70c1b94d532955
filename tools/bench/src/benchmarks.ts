import type { Benchmark } from './benchmark.ts'
import { cacheBenchmark } from './cache/cache-benchmark.ts'
import { cniBenchmark } from './cni/cni-benchmark.ts'
import { jsonBenchmark } from './json/json-benchmark.ts'
import { kvstoreBenchmark } from './kvstore/kvstore-benchmark.ts'
import { mapsBenchmark } from './maps/maps-benchmark.ts'
import { scaleBenchmark } from './scale/scale-benchmark.ts'
import { templateBenchmark } from './template/template-benchmark.ts'
import { watchBenchmark } from './watch/watch-benchmark.ts'

export const benchmarks: readonly Benchmark[] = [
  templateBenchmark,
  mapsBenchmark,
  cniBenchmark,
  cacheBenchmark,
  kvstoreBenchmark,
  watchBenchmark,
  jsonBenchmark,
  scaleBenchmark,
]
