import { type OptionProblem, OptionsError } from './errors.ts'
import { type Config, camelCase, environmentName, type OptionSet } from './option.ts'
import { fromEnvironment, fromFiles, fromFlags, type Given } from './sources.ts'

/** Where values come from, weakest first. */
export type OptionSources = Readonly<{
  /** Content by file name: see `readOptionFiles`. */
  files?: Readonly<Record<string, string>>
  environment?: Readonly<Record<string, string | undefined>>
  /** The arguments behind the program's name. */
  argv?: readonly string[]
}>

export type Parsed<Options extends OptionSet> = Readonly<{
  config: Config<Options>
  /** Arguments that are no options. A program that takes none passes `positionals: 'refuse'`. */
  positionals: readonly string[]
}>

/**
 * Reads the configuration once. Rising order: defaults, files, environment, flags.
 * @throws OptionsError naming every unknown, invalid or missing option.
 */
export function parseOptions<const Options extends OptionSet>(
  options: Options,
  {
    files = {},
    environment = {},
    argv = [],
    ignored = [],
    positionals: policy = 'refuse',
  }: OptionSources & {
    /** Options of other programs that share the ConfigMap: not refused in files and environment. */
    ignored?: Iterable<string>
    positionals?: 'refuse' | 'allow'
  },
): Parsed<Options> {
  const names = { options, ignored: new Set(ignored) }
  const flags = fromFlags(argv, options)
  const sources = [fromFiles(files, names), fromEnvironment(environment, names), flags]
  const problems = sources.flatMap((source) => source.problems)
  if (policy === 'refuse') {
    problems.push(...flags.positionals.map((given) => ({ given, message: 'unexpected argument' })))
  }
  const strongest = new Map<string, Given>()
  for (const { values } of sources) for (const value of values) strongest.set(value.name, value)

  const config: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(options)) {
    const given = strongest.get(name)
    if (given === undefined) {
      if (option.default === undefined) problems.push(missing(name))
      config[camelCase(name)] = option.default
      continue
    }
    const outcome = option.schema.safeParse(given.text)
    if (outcome.success) config[camelCase(name)] = outcome.data
    else {
      const reason = outcome.error.issues.map((issue) => issue.message).join(', ')
      problems.push({ given: given.given, message: `${JSON.stringify(given.text)} ${reason}` })
    }
  }
  if (problems.length > 0) throw new OptionsError(problems)
  return { config: Object.freeze(config) as Config<Options>, positionals: flags.positionals }
}

/** Whether the arguments ask for help, which is answered before anything is checked. */
export function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  return words.includes('--help') || words.includes('-h')
}

function missing(name: string): OptionProblem {
  return { given: `--${name}`, message: 'must be given', hint: `--${name} or ${environmentName(name)}` }
}
