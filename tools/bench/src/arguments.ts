import { parseArgs } from 'node:util'
import { type Benchmark, defaultRounds } from './benchmark.ts'
import { BenchError } from './errors.ts'

export type BenchArguments = Readonly<{
  selected: readonly Benchmark[]
  json: boolean
  /** Undefined: as many as each benchmark has in full. */
  rounds: number | undefined
  help: boolean
  list: boolean
}>

const quickRounds = 3
const maxRounds = 100_000

/** Throws BenchError naming the option or benchmark that does not exist. */
export function readArguments(argv: readonly string[], benchmarks: readonly Benchmark[]): BenchArguments {
  const { values, positionals } = parse(argv)
  const unknown = positionals.find((name) => !benchmarks.some((benchmark) => benchmark.name === name))
  if (unknown !== undefined) {
    throw new BenchError(`no benchmark is called ${unknown}`, {
      hint: `there are ${benchmarks.map(({ name }) => name).join(', ')}`,
    })
  }
  return {
    selected:
      positionals.length === 0 ? benchmarks : benchmarks.filter(({ name }) => positionals.includes(name)),
    json: values.json === true,
    rounds:
      values.rounds === undefined
        ? values.quick === true
          ? quickRounds
          : undefined
        : readRounds(values.rounds),
    help: values.help === true,
    list: values.list === true,
  }
}

function readRounds(text: string): number {
  const rounds = Number(text)
  if (/^\d+$/.test(text) && rounds >= 1 && rounds <= maxRounds) return rounds
  throw new BenchError(`--rounds '${text}' is no number from 1 to ${maxRounds}`)
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new BenchError(error.message, { hint: 'see --help' })
  }
}

export function usage(benchmarks: readonly Benchmark[]): string {
  const width = Math.max(...benchmarks.map(({ name }) => name.length))
  return [
    'Measures, with peers in the same run, and says the medians.',
    '',
    '  bench [NAME]... [--json] [--quick | --rounds N]    all benchmarks by default',
    '  bench --list',
    '',
    `  --json   one object {"bench", "ratios", "figures", "env"} per benchmark and line`,
    `  --quick  ${quickRounds} rounds: proves that it runs, says little`,
    `  --rounds N  instead of ${defaultRounds}, or what the benchmark has`,
    '',
    'Benchmarks:',
    ...benchmarks.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
  ].join('\n')
}
