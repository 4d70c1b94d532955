import type { Command } from '../command.ts'
import { listView } from '../view.ts'

export const bpfMetrics: Command = {
  name: 'bpf metrics',
  summary: 'Packets that the datapath forwarded and dropped, by reason',
  examples: ['axo bpf metrics'],
  run: async ({ client }) => {
    const rows = (await client.datapathMetrics()).sort((a, b) => b.packets - a.packets)
    return listView(
      rows,
      [
        { title: 'Reason', value: (row) => row.reason },
        { title: 'Direction', value: (row) => row.direction },
        { title: 'Packets', value: (row) => row.packets },
        { title: 'Bytes', value: (row) => row.bytes },
      ],
      'no packet was seen yet',
    )
  },
}
