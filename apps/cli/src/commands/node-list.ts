import type { Command } from '../command.ts'
import { listView } from '../view.ts'

export const nodeList: Command = {
  name: 'node list',
  summary: 'The nodes of the cluster',
  examples: ['axo node list'],
  run: async ({ client }) => {
    const rows = (await client.nodes()).sort((a, b) => a.name.localeCompare(b.name))
    return listView(
      rows,
      [
        { title: 'Name', value: (row) => row.name },
        { title: 'Cluster', value: (row) => row.cluster },
        { title: 'Internal IP', value: (row) => row.internalIp },
        { title: 'Router IP', value: (row) => row.routerIp },
        { title: 'Pod CIDRs', value: (row) => row.podCidrs.join(', ') },
        { title: 'Key', value: (row) => row.encryptKey },
      ],
      'no node is known',
    )
  },
}
