import { createAgentMetrics, createTables } from '@axoneme/agent'
import { createOperatorMetrics } from '@axoneme/operator'
import { z } from 'zod'

export type Registry = ReturnType<typeof createAgentMetrics>['registry']

const metricSchema = z.looseObject({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram', 'summary']),
  labelNames: z.array(z.string()),
})
export type RegisteredMetric = z.infer<typeof metricSchema>

export function agentRegistry(): Registry {
  const metrics = createAgentMetrics()
  metrics.watch({ tables: createTables() })
  return metrics.registry
}

export const operatorRegistry = (): Registry => createOperatorMetrics().registry

export function metricsOf(registry: Registry): RegisteredMetric[] {
  return z.array(metricSchema).parse(registry.getMetricsAsArray())
}

/** The series that a registry gives, with the labels of each. */
export function seriesOf(registry: Registry): Map<string, readonly string[]> {
  const series = new Map<string, readonly string[]>()
  for (const { name, type, labelNames } of metricsOf(registry)) {
    if (type === 'histogram') {
      series.set(`${name}_bucket`, [...labelNames, 'le'])
      series.set(`${name}_sum`, labelNames)
      series.set(`${name}_count`, labelNames)
    } else series.set(name, labelNames)
  }
  return series
}

/** What prom-client adds of the process and of Node. */
export function isOfProcess(name: string): boolean {
  return /^cilium_(operator_)?(process|nodejs)_/.test(name)
}

/** Older names of metrics that are registered by their newer ones too. */
export const legacyNames: readonly string[] = [
  'cilium_endpoint_regenerations',
  'cilium_k8s_client_api_calls_counter',
  'kvstore_operations_total',
]
