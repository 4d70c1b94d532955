import { environmentName, type Option, type OptionSet } from './option.ts'

/** The text of `--help`: usage, options aligned in declaration order, examples. Ends with a newline. */
export function formatHelp(
  options: OptionSet,
  { usage, examples = [] }: { usage: string; examples?: readonly string[] },
): string {
  const rows = Object.entries(options).map(([name, option]) => [
    option.isBoolean ? `--[no-]${name}` : `--${name} ${option.typeName}`,
    `${option.help} (${defaultText(option)})`,
  ])
  const width = Math.min(44, Math.max(0, ...rows.map(([flag = '']) => flag.length)))
  const lines = rows.map(([flag = '', text = '']) =>
    flag.length > width ? `  ${flag}\n  ${' '.repeat(width)}  ${text}` : `  ${flag.padEnd(width)}  ${text}`,
  )
  const sections = [`usage: ${usage}`, ['options:', ...lines].join('\n')]
  if (examples.length > 0) sections.push(['examples:', ...examples.map((line) => `  ${line}`)].join('\n'))
  return `${sections.join('\n\n')}\n`
}

/** One row of the configuration reference. */
export type OptionDoc = Readonly<{
  name: string
  environment: string
  type: string
  default: string
  help: string
}>

/** Rows for the table of options in the docs, in declaration order. */
export function optionDocs(options: OptionSet): OptionDoc[] {
  return Object.entries(options).map(([name, option]) => ({
    name,
    environment: environmentName(name),
    type: option.typeName,
    default: option.default === undefined ? 'required' : option.format(option.default),
    help: option.help,
  }))
}

/** The same as a Markdown table. */
export function formatOptionTable(options: OptionSet): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const rows = optionDocs(options).map((doc) =>
    [`\`--${doc.name}\``, `\`${doc.environment}\``, cell(doc.type), code(doc.default), cell(doc.help)].join(
      ' | ',
    ),
  )
  return [
    '| option | environment | type | default | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n')
}

function defaultText(option: Option<unknown>): string {
  if (option.default === undefined) return 'required'
  const text = option.format(option.default)
  return text === '' ? 'default: none' : `default: ${text}`
}

function code(text: string): string {
  return text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``
}
