import type { IdentityRow } from '@axoneme/identity'
import type { Command } from '../command.ts'
import { formatLabels } from '../labels.ts'
import { type Column, listView } from '../view.ts'

const columns: readonly Column<IdentityRow>[] = [
  { title: 'ID', value: (row) => row.id },
  { title: 'Labels', value: (row) => formatLabels(row.labels) },
]

export const identityList: Command = {
  name: 'identity list',
  summary: 'The security identities that this node knows',
  examples: ['axo identity list'],
  run: async ({ client }) => {
    const rows = (await client.identities()).sort((a, b) => a.id - b.id)
    return listView(rows, columns, 'no identity is known')
  },
}
