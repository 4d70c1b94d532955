import type { Command } from '../command.ts'
import { tableOf } from '../view.ts'

export const status: Command = {
  name: 'status',
  summary: 'Whether the agent of this node is well, and what it waits for',
  examples: ['axo status', 'axo status -o json'],
  run: async ({ client }) => {
    const data = await client.status()
    return {
      kind: 'fields',
      data,
      fields: [
        [
          'Ready',
          data.ready ? 'yes' : `no, at step ${data.step}${data.detail === '' ? '' : `: ${data.detail}`}`,
        ],
        ['Node', data.node],
        ['Cluster', data.cluster],
        ['Routing', data.routing],
        ['Pod CIDRs', data.podCidrs.join(', ') || 'none'],
        ['Started', data.startedAt],
        ['Version', data.version],
      ],
      tables: [
        tableOf(data.components, [
          { title: 'Component', value: (row) => row.name },
          { title: 'State', value: (row) => row.state },
          { title: 'Message', value: (row) => row.message },
        ]),
        tableOf(Object.entries(data.counts), [
          { title: 'Table', value: ([name]) => name },
          { title: 'Rows', value: ([, count]) => count },
        ]),
      ],
    }
  },
}
