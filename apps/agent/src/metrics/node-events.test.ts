import { createTable } from '@axoneme/tables'
import { expect, it } from 'vitest'
import { followNodes } from './node-events.ts'

it('tells of nodes that come, change and go', async () => {
  const nodes = createTable<{ name: string; ip: string }>({ name: 'nodes', key: (row) => row.name })
  const events: string[] = []
  const stop = new AbortController()
  const following = followNodes(nodes, { onEvent: ({ type }) => events.push(type), signal: stop.signal })
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  }
  nodes.upsert({ name: 'a', ip: '1' })
  nodes.markInitialized()
  await settle()
  nodes.upsert({ name: 'a', ip: '2' })
  nodes.upsert({ name: 'b', ip: '3' })
  await settle()
  nodes.delete('a')
  await settle()
  nodes.upsert({ name: 'a', ip: '1' })
  await settle()
  expect(events).toEqual(['add', 'update', 'add', 'delete', 'add'])
  stop.abort()
  await following
})
