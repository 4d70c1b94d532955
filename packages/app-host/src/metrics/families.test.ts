import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { createMetricFamilies } from './families.ts'
import { createProcessMetrics } from './process-metrics.ts'

it('reads states when somebody scrapes, and forgets what is not there any more', async () => {
  const registry = new Registry()
  const { atScrape } = createMetricFamilies({ registry, prefix: 'axo_' })
  const states = new Map([['up', 1]])
  atScrape({ name: 'states', help: 'h', labels: ['state'], type: 'counter' }, () =>
    Array.from(states, ([state, count]) => [{ state }, count]),
  )
  expect(await registry.metrics()).toContain('axo_states{state="up"} 1')
  expect(await registry.metrics()).toContain('# TYPE axo_states counter')
  states.set('up', 5).set('down', 2)
  expect(await registry.metrics()).toMatch(/axo_states\{state="up"\} 5\naxo_states\{state="down"\} 2/)
  states.delete('up')
  expect(await registry.metrics()).not.toContain('"up"')
})

it('counts warnings and errors by component, and runs by outcome', async () => {
  const registry = new Registry()
  const metrics = createProcessMetrics(createMetricFamilies({ registry, prefix: 'axo_' }))
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    metrics.log({ level, component: 'datapath.ipcache' })
  }
  const run = { name: 'cilium node', kind: 'rows', durationMs: 2 } as const
  metrics.reconciler({ ...run, failures: {} })
  metrics.reconciler({ ...run, failures: { BPF_MAP_FULL: 3 } })
  const text = await registry.metrics()
  const lines = text.split('\n').filter((line) => !line.startsWith('#') && !line.includes('_bucket'))
  expect(lines.filter((line) => line !== '' && !line.includes('_sum'))).toEqual([
    'axo_errors_warnings_total{level="warning",subsystem="datapath.ipcache"} 1',
    'axo_errors_warnings_total{level="error",subsystem="datapath.ipcache"} 1',
    'axo_controllers_runs_total{status="success"} 1',
    'axo_controllers_runs_total{status="failure"} 1',
    'axo_controllers_runs_duration_seconds_count{status="success"} 1',
    'axo_controllers_runs_duration_seconds_count{status="failure"} 1',
    'axo_controllers_group_runs_total{status="success",group_name="reconcile-cilium-node"} 1',
    'axo_controllers_group_runs_total{status="failure",group_name="reconcile-cilium-node"} 1',
  ])
})
