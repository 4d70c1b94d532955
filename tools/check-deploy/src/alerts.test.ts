import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { agentRegistry, operatorRegistry, seriesOf } from './registries.ts'
import { inRepository } from './repository.ts'
import { parseQuery } from './test-promql.ts'

const ruleSchema = z.strictObject({
  alert: z.string().regex(/^Axoneme[A-Za-z]+$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
  annotations: z.strictObject({ summary: z.string().min(1), action: z.string().min(1) }),
})
const rulesSchema = z.looseObject({
  kind: z.literal('PrometheusRule'),
  spec: z.strictObject({
    groups: z.array(z.strictObject({ name: z.string(), rules: z.array(ruleSchema).min(1) })).min(1),
  }),
})

const { spec } = rulesSchema.parse(parse(readFileSync(inRepository('deploy/prometheus/rules.yaml'), 'utf8')))
const rules = spec.groups.flatMap((group) => group.rules)

it('alerts ask only for metrics that are registered, by labels that they have', () => {
  const series = new Map([...seriesOf(agentRegistry()), ...seriesOf(operatorRegistry())])
  const wrong: string[] = []
  for (const { alert, expr } of rules) {
    const { metrics, labels } = parseQuery(expr)
    expect(metrics.length, alert).toBeGreaterThan(0)
    for (const metric of metrics) {
      const known = [...(series.get(metric) ?? []), 'instance']
      if (!series.has(metric)) wrong.push(`${alert}: no metric ${metric}`)
      wrong.push(
        ...labels.filter((label) => !known.includes(label)).map((label) => `${alert}: no label ${label}`),
      )
    }
  }
  expect(wrong).toEqual([])
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
})

it.runIf(spawnSync('promtool', ['--version']).status === 0 || process.env.CI === 'true')(
  'Prometheus takes the alerts, their texts included',
  () => {
    const directory = mkdtempSync(join(tmpdir(), `axo-rules-${process.pid}-`))
    try {
      const file = join(directory, 'rules.yaml')
      writeFileSync(file, stringify(spec))
      const { stdout, stderr, status } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })
      expect(stdout + stderr).toContain(`SUCCESS: ${rules.length} rules found`)
      expect(status).toBe(0)
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
)
