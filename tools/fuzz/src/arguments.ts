import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FuzzError } from './errors.ts'
import type { Feedback } from './run/fuzz-loop.ts'
import type { Target } from './target.ts'

export type FuzzArguments = Readonly<{
  target: Target
  executions: number
  durationMs: number
  seed: number
  workers: number
  feedback: Feedback
  directory: string
  replay: readonly string[]
  json: boolean
}>

const defaultExecutions = 1_000_000
const maxSeed = 2 ** 48
const defaultDirectory = join(import.meta.dirname, '../../../.dev/fuzz')
const feedbacks = ['both', 'branches', 'outcomes', 'none'] as const

/** "help", or what to do. Throws FuzzError naming the option or target that is wrong. */
export function readArguments(argv: readonly string[], targets: readonly Target[]): FuzzArguments | 'help' {
  const { values, positionals } = parse(argv)
  if (values.help === true) return 'help'
  const [name, ...replay] = positionals
  const target = targets.find((candidate) => candidate.name === name)
  if (target === undefined) {
    const known = targets.map((candidate) => candidate.name).join(', ')
    throw new FuzzError(name === undefined ? 'no target' : `no target is called ${name}`, {
      hint: `there is ${known}`,
    })
  }
  const number = (option: 'executions' | 'minutes' | 'seed' | 'workers', max: number) =>
    readNumber(option, values[option], max)
  const feedback = feedbacks.find((known) => known === (values.feedback ?? 'both'))
  if (feedback === undefined)
    throw new FuzzError(`--feedback ${values.feedback}`, { hint: `there is ${feedbacks.join(', ')}` })
  const minutes = number('minutes', 100_000)
  return {
    target,
    replay,
    executions: number('executions', 1e12) ?? (minutes === undefined ? defaultExecutions : 1e12),
    durationMs: minutes === undefined ? Number.POSITIVE_INFINITY : minutes * 60_000,
    seed: number('seed', maxSeed) ?? randomInt(maxSeed - 1),
    workers: number('workers', 64) ?? 1,
    feedback,
    directory: values.findings ?? defaultDirectory,
    json: values.json === true,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        executions: { type: 'string' },
        minutes: { type: 'string' },
        seed: { type: 'string' },
        workers: { type: 'string' },
        feedback: { type: 'string' },
        findings: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new FuzzError(error.message, { hint: 'see --help' })
  }
}

function readNumber(option: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text.replaceAll('_', ''))
  const min = option === 'seed' ? 0 : 1
  if (!/^[\d_]+$/.test(text) || value < min || value > max)
    throw new FuzzError(`--${option} ${text}: not a whole number from ${min} to ${max}`)
  return value
}

export function usage(targets: readonly Target[]): string {
  return [
    'Runs hostile inputs, and ends with 1 when one of them did what none may do.',
    '',
    '  fuzz TARGET [--executions N] [--minutes M] [--seed S] [--workers N] [--json]',
    '  fuzz TARGET FILE...    runs these inputs and says what becomes of each',
    '',
    `  --executions N  ${defaultExecutions.toLocaleString('en')} when no --minutes are given`,
    '  --minutes M     at most so long',
    '  --seed S        the same seed, executions and workers try the same inputs; random by default, and shown',
    '  --workers N     processes, 1 by default',
    '  --findings DIR  where the inputs go that are findings; .dev/fuzz by default',
    `  --feedback F    what makes an input worth keeping: ${feedbacks.join(', ')} (the first by default)`,
    '  --json          the summary as one object on one line',
    '',
    'Targets:',
    ...targets.map(({ name, summary }) => `  ${name}  ${summary}`),
    '',
  ].join('\n')
}
