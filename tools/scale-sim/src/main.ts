import { writeFile } from 'node:fs/promises'
import { CodedError, describeError } from '@axoneme/lifecycle'
import { readArguments, usage } from './arguments.ts'
import { plotOf } from './report/plots.ts'
import { formatReport } from './report/text.ts'
import { runScale } from './run/scale.ts'
import { runStorm } from './run/storm.ts'

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort(new CodedError('INTERRUPTED', `stopped by ${name}`)))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof CodedError)) throw error
  process.stderr.write(`scale-sim: ${describeError(error)} [${error.code}]\n`)
  process.exitCode = 1
}

async function main(argv: readonly string[]): Promise<void> {
  const args = readArguments(argv)
  if (args === 'help') {
    process.stdout.write(usage)
    return
  }
  const startedMs = performance.now()
  const progress = (text: string) => {
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    process.stderr.write(`scale-sim ${args.command} ${String(seconds).padStart(4)} s: ${text}\n`)
  }
  const run = { signal: stop.signal, progress }
  const report =
    args.command === 'scale'
      ? await runScale({ ...args.options, ...run })
      : await runStorm({ ...args.options, ...run })
  if (args.svg !== undefined) await writeFile(args.svg, plotOf(report))
  process.stdout.write(args.json ? `${JSON.stringify(report)}\n` : `${formatReport(report)}\n`)
}
