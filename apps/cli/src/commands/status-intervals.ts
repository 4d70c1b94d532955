import { AgentApiError, type AgentClient, type OperatorIntervals } from '@axoneme/agent-api'
import { describeIntervals, type IntervalRow } from '@axoneme/backoff'
import { describeError } from '@axoneme/lifecycle'
import { operatorIntervals } from '@axoneme/operator/intervals'
import { formatDuration } from '@axoneme/options'
import { formatAge } from '../age.ts'
import { type Table, tableOf, type View } from '../view.ts'

/**
 * The intervals of the agent, and of the operator as it says that they are. Where it said nothing that the agent can
 * read: those that it has by default, marked as such.
 */
export async function intervalsView(client: AgentClient, nowMs: number): Promise<View> {
  const agent = await client.intervals()
  const { published, reason } = await askForOperator(client)
  const operator = published?.intervals ?? describeIntervals(operatorIntervals, { nodeCount: 0 })
  const operatorSource =
    published === undefined
      ? { inEffect: false, reason }
      : { inEffect: true, by: published.by, at: published.at }
  const title =
    published === undefined
      ? `Operator, by default (what it has in effect is not known: ${reason})`
      : `Operator ${published.by}, as it said ${formatAge(published.at, nowMs)} ago`
  return {
    kind: 'fields',
    data: { agent, operator, operatorSource },
    fields: [],
    tables: [intervalTable(agent, 'Agent'), intervalTable(operator, title)],
  }
}

async function askForOperator(client: AgentClient): Promise<OperatorIntervals> {
  try {
    return await client.operatorIntervals()
  } catch (error) {
    if (!(error instanceof AgentApiError)) throw error
    return { reason: describeError(error) }
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
