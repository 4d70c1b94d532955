import type { Benchmark } from './benchmark.ts'
import { cniBenchmark } from './cni/cni-benchmark.ts'
import { mapsBenchmark } from './maps/maps-benchmark.ts'
import { templateBenchmark } from './template/template-benchmark.ts'

export const benchmarks: readonly Benchmark[] = [templateBenchmark, mapsBenchmark, cniBenchmark]
