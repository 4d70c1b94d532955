import type { Command } from '../command.ts'
import { listView } from '../view.ts'

export const bpfIpcache: Command = {
  name: 'bpf ipcache',
  summary: 'The identity of each prefix, and the node it is reached through',
  examples: ['axo bpf ipcache', 'axo bpf ipcache -o json'],
  run: async ({ client }) => {
    const byAddress = new Intl.Collator('en', { numeric: true })
    const rows = (await client.ipcache()).sort((a, b) => byAddress.compare(a.cidr, b.cidr))
    return listView(
      rows,
      [
        { title: 'Prefix', value: (row) => row.cidr },
        { title: 'Identity', value: (row) => row.identity },
        { title: 'Tunnel endpoint', value: (row) => row.tunnelEndpoint || '-' },
        { title: 'Key', value: (row) => row.encryptKey },
      ],
      'the ipcache is empty',
    )
  },
}
