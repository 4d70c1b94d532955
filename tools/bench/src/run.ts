import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Benchmark, BenchmarkResult } from './benchmark.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { BenchError } from './errors.ts'
import { roundFigure } from './samples.ts'

export type Report = Readonly<{ bench: string } & BenchmarkResult & { env: Environment }>

/** Runs one benchmark. Throws BenchError where it cannot run; nothing of it stays. */
export async function runBenchmark(
  benchmark: Benchmark,
  { rounds, progress, signal }: { rounds: number; progress: (text: string) => void; signal: AbortSignal },
): Promise<Report> {
  if (process.getuid?.() !== 0) {
    throw new BenchError(`benchmark ${benchmark.name} loads programs into the kernel`, {
      hint: 'run as root',
    })
  }
  const workDir = await mkdtemp(join(tmpdir(), `axo-bench-${process.pid}-`))
  try {
    const { ratios, figures } = await benchmark.run({ rounds, workDir, progress, signal })
    const env = await readEnvironment({ now: new Date() })
    return { bench: benchmark.name, ratios: rounded(ratios), figures: rounded(figures), env }
  } finally {
    await rm(workDir, { recursive: true, force: true })
  }
}

function rounded(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, roundFigure(value)]))
}
