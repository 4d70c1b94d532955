import { CodedError, describeError } from '@axoneme/lifecycle'
import { readArguments, usage } from './arguments.ts'
import { defaultRounds } from './benchmark.ts'
import { benchmarks } from './benchmarks.ts'
import { formatReport } from './format.ts'
import { createProgress } from './progress.ts'
import { runBenchmark } from './run.ts'

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort(new CodedError('INTERRUPTED', `stopped by ${name}`)))
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof CodedError)) throw error
  process.stderr.write(`bench: ${describeError(error)} [${error.code}]\n`)
  process.exitCode = 1
}

async function main(argv: readonly string[]): Promise<number> {
  const { selected, json, rounds, help, list } = readArguments(argv, benchmarks)
  if (help) {
    process.stdout.write(usage(benchmarks))
    return 0
  }
  if (list) {
    process.stdout.write(selected.map(({ name, summary }) => `${name}\t${summary}\n`).join(''))
    return 0
  }
  for (const benchmark of selected) {
    const progress = createProgress(process.stderr, benchmark.name)
    const report = await runBenchmark(benchmark, {
      rounds: rounds ?? benchmark.fullRounds ?? defaultRounds,
      progress: progress.show,
      signal: stop.signal,
    })
    progress.clear()
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${formatReport(report)}\n`)
  }
  return 0
}
