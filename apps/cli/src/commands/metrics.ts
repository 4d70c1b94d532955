import { type Command, UsageError } from '../command.ts'
import { formatLabels } from '../labels.ts'
import { listView } from '../view.ts'

export type Sample = Readonly<{ name: string; labels: Readonly<Record<string, string>>; value: number }>

export const metrics: Command = {
  name: 'metrics',
  summary: "The agent's metrics, all or those whose name matches",
  parameters: ['[PATTERN]'],
  examples: ['axo metrics', 'axo metrics endpoint', "axo metrics '^cilium_drop'"],
  run: async ({ client, args: [pattern = ''] }) => {
    const wanted = patternOf(pattern)
    const samples = parseMetrics(await client.metrics()).filter(({ name }) => wanted.test(name))
    return listView(
      samples,
      [
        { title: 'Metric', value: (row) => row.name },
        { title: 'Labels', value: (row) => formatLabels(row.labels) },
        { title: 'Value', value: (row) => row.value },
      ],
      pattern === '' ? 'the agent has no metrics' : `no metric matches ${pattern}`,
    )
  },
}

/** The samples of Prometheus' text format; comments and lines that are none are skipped. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? []
    return name === undefined ? [] : [{ name, labels: parseLabels(labels), value: numberOf(value ?? '') }]
  })
}

function parseLabels(text: string): Record<string, string> {
  const pairs = text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)
  const unescaped = (value: string) => value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
  return Object.fromEntries([...pairs].map(([, key = '', value = '']) => [key, unescaped(value)]))
}

function numberOf(text: string): number {
  return Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'))
}

function patternOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern)
  } catch {
    throw new UsageError(
      `${JSON.stringify(pattern)} is no regular expression`,
      'like this: axo metrics endpoint',
    )
  }
}
