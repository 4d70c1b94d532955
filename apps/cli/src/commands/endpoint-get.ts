import type { Command } from '../command.ts'
import { formatLabels } from '../labels.ts'

export const endpointGet: Command = {
  name: 'endpoint get',
  summary: 'Everything about one pod of this node',
  parameters: ['ENDPOINT'],
  examples: ['axo endpoint get 7', 'axo endpoint get shop/cart-0'],
  run: async ({ client, args: [name = ''] }) => {
    const row = await client.endpoint(name)
    return {
      kind: 'fields',
      data: row,
      fields: [
        ['Endpoint', row.id],
        ['Pod', `${row.namespace}/${row.podName}`],
        ['Pod UID', row.podUid],
        ['State', row.state],
        ['Identity', row.identity],
        ['Labels', formatLabels(row.labels)],
        ['IPv4', row.ipv4],
        ['Interface', `${row.ifName} (${row.podMac}) in ${row.netnsPath}`],
        ['Host interface', `${row.hostIfName} (${row.hostMac})`],
        ['Container', row.containerId],
      ],
    }
  },
}
