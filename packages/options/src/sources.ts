import type { OptionProblem } from './errors.ts'
import { nearestName } from './nearest.ts'
import { environmentName, environmentPrefix, type OptionSet } from './option.ts'

/** A value as text, with the place that it came from as a person would look for it. */
export type Given = Readonly<{ name: string; text: string; given: string }>
export type SourceResult = Readonly<{ values: Given[]; problems: OptionProblem[] }>
export type FlagResult = SourceResult & Readonly<{ positionals: string[] }>

/** `ignored`: names of other programs' options that may stand in the same ConfigMap or environment. */
type Names = Readonly<{ options: OptionSet; ignored: ReadonlySet<string> }>

/** One file per option: what a mounted ConfigMap looks like. A trailing newline does not count. */
export function fromFiles(
  files: Readonly<Record<string, string>>,
  { options, ignored }: Names,
): SourceResult {
  const result: SourceResult = { values: [], problems: [] }
  for (const [name, content] of Object.entries(files)) {
    if (Object.hasOwn(options, name)) {
      result.values.push({ name, text: content.replace(/\r?\n$/, ''), given: `file ${name}` })
    } else if (!ignored.has(name)) {
      result.problems.push(unknown(`file ${name}`, nearestName(name, Object.keys(options))))
    }
  }
  return result
}

export function fromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  { options, ignored }: Names,
): SourceResult {
  const result: SourceResult = { values: [], problems: [] }
  const byVariable = new Map(Object.keys(options).map((name) => [environmentName(name), name]))
  const ignoredVariables = new Set(Array.from(ignored, environmentName))
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(environmentPrefix) || text === undefined) continue
    const name = byVariable.get(variable)
    if (name !== undefined) result.values.push({ name, text, given: variable })
    else if (!ignoredVariables.has(variable) && !isServiceLink(variable, text)) {
      result.problems.push(unknown(variable, nearestName(variable, byVariable.keys())))
    }
  }
  return result
}

/**
 * `--name value`, `--name=value`, `--flag`, `--no-flag`; `--` ends the options. The last one wins, lists add up.
 * A value may start with a dash only in the `=` form.
 */
export function fromFlags(argv: readonly string[], options: OptionSet): FlagResult {
  const result: FlagResult = { values: [], problems: [], positionals: [] }
  const lists = new Map<string, string[]>()
  const flags = new Map<string, Given>()
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string
    if (word === '--') {
      result.positionals.push(...argv.slice(i + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      result.positionals.push(word)
      continue
    }
    const { given, name, value, negated } = splitFlag(word, options)
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined) {
      const near = nearestName(name, Object.keys(options))
      result.problems.push(unknown(given, near === undefined ? undefined : `--${near}`))
      // The word behind an unknown option is most likely its value, not an argument of its own.
      if (value === undefined && argv[i + 1]?.startsWith('-') === false) i++
      continue
    }
    let text = value
    if (negated) {
      if (value !== undefined) {
        result.problems.push({ given, message: 'takes no value' })
        continue
      }
      text = 'false'
    } else if (text === undefined && option.isBoolean) text = 'true'
    else if (text === undefined) {
      const next = argv[i + 1]
      if (next === undefined || next.startsWith('--')) {
        result.problems.push({ given, message: 'needs a value', hint: `${given} ${option.typeName}` })
        continue
      }
      text = next
      i++
    }
    if (option.isList) {
      const items = lists.get(name) ?? []
      items.push(text)
      lists.set(name, items)
      text = items.join(',')
    }
    flags.set(name, { name, text, given })
  }
  result.values.push(...flags.values())
  return result
}

function splitFlag(word: string, options: OptionSet) {
  const equals = word.indexOf('=')
  const given = equals < 0 ? word : word.slice(0, equals)
  const value = equals < 0 ? undefined : word.slice(equals + 1)
  const name = given.replace(/^--/, '')
  const positive = name.startsWith('no-') ? name.slice(3) : undefined
  if (positive !== undefined && Object.hasOwn(options, positive) && options[positive]?.isBoolean === true) {
    return { given, name: positive, value, negated: true }
  }
  return { given, name, value, negated: false }
}

/**
 * The kubelet gives each pod variables for the services of its namespace; a service named `axo-...` makes some that
 * look like ours. (Kubernetes documentation, "Service", environment variables.)
 */
function isServiceLink(variable: string, text: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(variable) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(variable) ||
    (variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text))
  )
}

function unknown(given: string, near: string | undefined): OptionProblem {
  return {
    given,
    message: 'unknown option',
    ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
  }
}
