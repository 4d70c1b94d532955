import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { agentRegistry, isOfProcess, legacyNames, operatorRegistry, seriesOf } from './registries.ts'
import { inRepository } from './repository.ts'
import { parseQuery } from './test-promql.ts'

const dashboardSchema = z.looseObject({
  uid: z.string(),
  title: z.string(),
  templating: z.object({ list: z.array(z.looseObject({ type: z.string(), query: z.string() })) }),
  panels: z
    .array(
      z.looseObject({
        id: z.int(),
        title: z.string(),
        gridPos: z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) }),
        targets: z.array(z.looseObject({ expr: z.string(), legendFormat: z.string() })).default([]),
      }),
    )
    .min(1),
})

describe.each([
  { file: 'agent.json', registry: agentRegistry },
  { file: 'operator.json', registry: operatorRegistry },
])('dashboard $file', ({ file, registry }) => {
  const text = readFileSync(inRepository(`deploy/dashboards/${file}`), 'utf8')
  const { panels, templating } = dashboardSchema.parse(JSON.parse(text))
  const targets = panels.flatMap((panel) =>
    panel.targets.map((target) => ({ ...target, panel: panel.title })),
  )
  const series = seriesOf(registry())
  // Prometheus adds it to everything that it scrapes.
  const labelsOf = (metric: string) => [...(series.get(metric) ?? []), 'instance']

  it('asks only for metrics that are registered, by labels that they have', () => {
    const wrong: string[] = []
    for (const { expr, legendFormat, panel } of targets) {
      const { metrics, labels } = parseQuery(expr)
      expect(metrics, `${panel}: ${expr}`).toHaveLength(1)
      const shown = Array.from(legendFormat.matchAll(/{{(\w+)}}/g), ([, name = '']) => name)
      for (const metric of metrics) {
        if (!series.has(metric)) wrong.push(`${panel}: no metric ${metric}`)
        for (const label of [...labels, ...shown]) {
          if (!labelsOf(metric).includes(label)) wrong.push(`${panel}: ${metric} has no label ${label}`)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(targets.length).toBeGreaterThan(8)
  })

  it('has variables that read a metric which is registered', () => {
    const asked = templating.list.flatMap(({ type, query }) => (type === 'query' ? [query] : []))
    const metrics = asked.map((query) => /^label_values\((\w+), instance\)$/.exec(query)?.[1])
    expect(metrics).toHaveLength(1)
    for (const metric of metrics) expect([...series.keys()]).toContain(metric)
  })

  it('lays its panels out beside each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
      expect(x + w, title).toBeLessThanOrEqual(24)
      return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`)
    })
    expect(new Set(cells).size).toBe(cells.length)
  })
})

it('shows every metric of its own that the agent and the operator register', () => {
  const shown = ['agent.json', 'operator.json'].flatMap((file) => {
    const text = readFileSync(inRepository(`deploy/dashboards/${file}`), 'utf8')
    return dashboardSchema
      .parse(JSON.parse(text))
      .panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  })
  const asked = new Set(shown.flatMap((expr) => parseQuery(expr).metrics.map(familyOf)))
  const registered = [agentRegistry(), operatorRegistry()].flatMap((registry) =>
    [...seriesOf(registry).keys()].map(familyOf),
  )
  // What prom-client adds of the process is more than a dashboard has use for.
  const own = registered.filter((name) => !isOfProcess(name) && !legacyNames.includes(name))
  expect([...new Set(own)].filter((name) => !asked.has(name))).toEqual([])
})

function familyOf(series: string): string {
  return series.replace(/_(bucket|sum|count)$/, '')
}
