import { parseArgs } from 'node:util'
import type { Benchmark } from './benchmark.ts'
import { BenchError } from './errors.ts'

export type BenchArguments = Readonly<{
  selected: readonly Benchmark[]
  json: boolean
  rounds: number
  help: boolean
  list: boolean
}>

const fullRounds = 31
const quickRounds = 3

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
    rounds: values.quick === true ? quickRounds : fullRounds,
    help: values.help === true,
    list: values.list === true,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        quick: { type: 'boolean' },
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
    '  bench [NAME]... [--json] [--quick]    all benchmarks by default',
    '  bench --list',
    '',
    `  --json   one object {"bench", "ratios", "figures", "env"} per benchmark and line`,
    `  --quick  ${quickRounds} rounds instead of ${fullRounds}: proves that it runs, says little`,
    '',
    'Benchmarks:',
    ...benchmarks.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
  ].join('\n')
}
