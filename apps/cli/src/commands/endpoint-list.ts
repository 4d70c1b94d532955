import type { EndpointRow } from '@axoneme/endpoint'
import type { Command } from '../command.ts'
import { formatLabels } from '../labels.ts'
import { type Column, listView } from '../view.ts'

const columns: readonly Column<EndpointRow>[] = [
  { title: 'ID', value: (row) => row.id },
  { title: 'Pod', value: (row) => `${row.namespace}/${row.podName}` },
  { title: 'IPv4', value: (row) => row.ipv4 },
  { title: 'Identity', value: (row) => row.identity },
  { title: 'State', value: (row) => row.state },
  { title: 'Labels', value: (row) => formatLabels(row.labels) },
]

export const endpointList: Command = {
  name: 'endpoint list',
  summary: 'The pods of this node',
  examples: ['axo endpoint list'],
  run: async ({ client }) => {
    const rows = (await client.endpoints()).sort((a, b) => a.id - b.id)
    return listView(rows, columns, 'no pod runs on this node')
  },
}
