import type { AgentClient } from '@axoneme/agent-api'
import { describeIntervals, type IntervalRow } from '@axoneme/backoff'
import { operatorIntervals } from '@axoneme/operator/intervals'
import { formatDuration } from '@axoneme/options'
import { type Table, tableOf, type View } from '../view.ts'

/** The agent's intervals as they are now, and the operator's as they are declared: its options may say otherwise. */
export async function intervalsView(client: AgentClient): Promise<View> {
  const agent = await client.intervals()
  const operator = describeIntervals(operatorIntervals, { nodeCount: 0 })
  return {
    kind: 'fields',
    data: { agent, operator },
    fields: [],
    tables: [
      intervalTable(agent, 'Agent'),
      intervalTable(operator, 'Operator, unless its options say otherwise'),
    ],
  }
}

function intervalTable(rows: readonly IntervalRow[], title: string): Table {
  return tableOf(
    rows,
    [
      { title: 'Name', value: (row) => row.name },
      { title: 'Base', value: (row) => formatDuration(row.baseMs) },
      { title: 'Growth', value: (row) => row.growth },
      { title: 'At most', value: (row) => (row.maxMs === undefined ? '-' : formatDuration(row.maxMs)) },
      {
        title: 'Jitter',
        value: ({ jitter }) => (typeof jitter === 'number' ? `±${jitter * 100} %` : jitter),
      },
      { title: 'Now', value: (row) => formatDuration(Math.round(row.currentMs)) },
      { title: 'To', value: (row) => row.does },
    ],
    title,
  )
}
