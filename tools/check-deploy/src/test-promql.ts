import { parser } from '@prometheus-io/lezer-promql'

export type Query = Readonly<{
  metrics: readonly string[]
  /** In matchers and in groupings. */
  labels: readonly string[]
}>

/** What a query asks for. Throws where it is no PromQL. Grafana's variables stand for a duration and for strings. */
export function parseQuery(text: string): Query {
  const promql = text.replaceAll('$__rate_interval', '5m')
  const metrics: string[] = []
  const labels: string[] = []
  parser.parse(promql).iterate({
    enter({ name, type, from, to }) {
      const found = promql.slice(from, to)
      if (type.isError) throw new SyntaxError(`${text}: wrong at ${from}: ${promql.slice(from)}`)
      if (name === 'Identifier') metrics.push(found)
      if (name === 'LabelName') labels.push(found)
    },
  })
  return { metrics, labels }
}
