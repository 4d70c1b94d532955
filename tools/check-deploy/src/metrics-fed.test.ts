import { expect, it } from 'vitest'
import { agentRegistry, isOfProcess, metricsOf, operatorRegistry, type Registry } from './registries.ts'
import { drivenAgent, drivenOperator, fedByRunningAgent, fedSeries } from './test-fed.ts'

const ownNames = (registry: Registry) =>
  metricsOf(registry)
    .map(({ name }) => name)
    .filter((name) => !isOfProcess(name))

it('every metric of the agent is fed by what its packages tell', async () => {
  const fed = await fedSeries(await drivenAgent(3))
  const unfed = ownNames(agentRegistry()).filter((name) => !fed.has(name))
  expect(unfed.sort()).toEqual(fedByRunningAgent)
})

it('every metric of the operator is fed by what its packages tell', async () => {
  const fed = await fedSeries(drivenOperator())
  expect(ownNames(operatorRegistry()).filter((name) => !fed.has(name))).toEqual([])
})

it('has as many series in a large cluster as in a small one', async () => {
  const [small, large] = [await fedSeries(await drivenAgent(3)), await fedSeries(await drivenAgent(5_000))]
  const grown = [...large].filter(([name, count]) => !isOfProcess(name) && small.get(name) !== count)
  expect(grown).toEqual([])
}, 60_000)

it('has no label that names a pod, a node or an address', () => {
  const labels = [agentRegistry(), operatorRegistry()]
    .flatMap(metricsOf)
    .flatMap(({ labelNames }) => labelNames)
  // `host` is the apiserver's, `name` that of the lease or of an error's code.
  const bounded = [
    'action',
    'api_call',
    'area',
    'direction',
    'endpoint_state',
    'enforcement',
    'equal',
    'error',
  ]
  bounded.push('event_type', 'family', 'group_name', 'host', 'identity_type', 'kind', 'level', 'mapName')
  bounded.push('map_name', 'method', 'name', 'operation', 'outcome', 'path', 'protocol', 'reason')
  bounded.push(
    'return_code',
    'scope',
    'source',
    'source_cluster',
    'status',
    'subsystem',
    'type',
    'valid',
    'value',
  )
  const ofNode = ['kind', 'space', 'type', 'version', 'major', 'minor', 'patch']
  expect([...new Set(labels)].filter((label) => ![...bounded, ...ofNode].includes(label))).toEqual([])
})
