import { expect, it } from 'vitest'
import { writeNodeTaint } from './node-network.ts'
import { type ObjectServer, startObjectServer } from './testing/object-server.ts'

const collection = '/api/v1/nodes'
const path = `${collection}/a`
const key = 'node.cilium.io/agent-not-ready'
const other = { key: 'other', value: 'x', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' }
const ours = { key, effect: 'NoSchedule' }

const write = ({ client }: ObjectServer, present: boolean) =>
  writeNodeTaint({ client, name: 'a', key, present, signal: AbortSignal.timeout(10_000) })

it.each([
  { have: [other, ours], present: false, outcome: 'written', want: [other] },
  { have: [other], present: true, outcome: 'written', want: [other, ours] },
  { have: undefined, present: true, outcome: 'written', want: [ours] },
  { have: undefined, present: false, outcome: 'unchanged', want: undefined },
  { have: [other, ours], present: true, outcome: 'unchanged', want: [other, ours] },
])('taint $present on $have', async ({ have, present, outcome, want }) => {
  await using server = await startObjectServer([collection])
  server.change(path, { spec: have === undefined ? {} : { taints: have } })
  expect(await write(server, present)).toBe(outcome)
  expect(server.objects.get(path)?.spec).toEqual(want === undefined ? {} : { taints: want })
  expect(server.writes).toHaveLength(outcome === 'written' ? 1 : 0)
})

it('does not undo what another wrote in between', async () => {
  await using server = await startObjectServer([collection])
  server.change(path, { spec: { taints: [ours] } })
  let raced = false
  server.before = ({ method }) => {
    if (method !== 'PATCH' || raced) return
    raced = true
    server.change(path, { spec: { taints: [ours, other] } })
  }
  expect(await write(server, false)).toBe('written')
  expect(server.objects.get(path)).toMatchObject({ spec: { taints: [other] } })
})

it('has nothing to do on a node that is gone', async () => {
  await using server = await startObjectServer([collection])
  expect(await write(server, true)).toBe('gone')
})
