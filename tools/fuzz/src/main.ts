import { readFile } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { CodedError, describeError } from '@axoneme/lifecycle'
import { type FuzzArguments, readArguments, usage } from './arguments.ts'
import { elfTarget } from './elf/target.ts'

import { writeFinding } from './findings.ts'
import { Random } from './random.ts'
import { type FuzzReport, formatProgress, formatReport, perSecond } from './report.ts'
import { fuzz } from './run/supervise.ts'
import { slimTarget } from './slim/target.ts'
import type { Execute } from './target.ts'

const targets = [elfTarget, slimTarget]
const hangMs = 5000

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort(new CodedError('INTERRUPTED', `stopped by ${name}`)))
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof CodedError)) throw error
  process.stderr.write(`fuzz: ${describeError(error)} [${error.code}]\n`)
  process.exitCode = 2
}

async function main(argv: readonly string[]): Promise<number> {
  const args = readArguments(argv, targets)
  if (args === 'help') {
    process.stdout.write(usage(targets))
    return 0
  }
  return args.replay.length > 0 ? replay(args) : run(args)
}

async function run(args: FuzzArguments): Promise<number> {
  // Before the workers start: they inherit it. What else the machine does is worth more.
  setPriority(constants.priority.PRIORITY_LOW)
  const { target, seed, workers } = args
  const say = (text: string) => process.stderr.write(`fuzz ${target.name}: ${text}\n`)
  const seeds = await target.seeds({ signal: stop.signal })
  say(`seed ${seed}, ${seeds.length} seed inputs, findings go to ${args.directory}`)
  const result = await fuzz({
    ...args,
    seeds,
    hangMs,
    signal: stop.signal,
    onProgress: (progress) => say(formatProgress(progress)),
    onFinding: ({ key }) => say(`FINDING ${key}`),
  })
  const findings = await Promise.all(
    result.all.map(async (finding) => ({
      key: finding.key,
      path: await writeFinding(finding, { directory: args.directory, target: target.name, seed }),
    })),
  )
  const { executions, outcomes, branches, branchesInAll, population, elapsedMs } = result
  const report: FuzzReport = {
    target: target.name,
    seed,
    workers,
    executions,
    seconds: Math.round(elapsedMs / 1000),
    executionsPerSecond: perSecond(executions, elapsedMs),
    outcomes,
    branches,
    branchesInAll,
    population,
    slowestMs: Math.round(result.slowestMs * 10) / 10,
    ...(stop.signal.aborted ? { stopped: describeError(stop.signal.reason) } : {}),
    findings,
  }
  process.stdout.write(`${args.json ? JSON.stringify(report) : formatReport(report)}\n`)
  if (findings.length > 0) return 1
  return stop.signal.aborted ? 2 : 0
}

/** What is thrown here is the finding, with its whole stack. */
async function replay({ target, replay: files }: FuzzArguments): Promise<number> {
  const { execute }: { execute: Execute } = await import(target.module.href)
  for (const file of files) {
    const input = await readFile(file)
    const outcome = execute(input, new Random(input.length))
    const text =
      'refusal' in outcome
        ? `refused: ${describeError(outcome.refusal)}`
        : `accepted: ${outcome.features.join('; ')}`
    process.stdout.write(`${file}: ${text}\n`)
  }
  return 0
}
