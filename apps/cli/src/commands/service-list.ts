import type { Command } from '../command.ts'
import { listView } from '../view.ts'

export const serviceList: Command = {
  name: 'service list',
  summary: 'Addresses of services and the backends behind them',
  examples: ['axo service list'],
  run: async ({ client }) => {
    const rows = (await client.services()).sort(
      (a, b) => a.service.localeCompare(b.service) || a.port - b.port,
    )
    return listView(
      rows,
      [
        { title: 'Service', value: (row) => row.service },
        { title: 'Kind', value: (row) => row.kind },
        { title: 'Frontend', value: (row) => row.key },
        { title: 'Port name', value: (row) => row.portName },
        { title: 'Backends', value: (row) => row.backends.length },
        {
          title: 'Addresses',
          value: (row) =>
            row.backends
              .map(({ address, port, state }) => {
                const host = address.includes(':') ? `[${address}]` : address
                return `${host}:${port}${state === 'active' ? '' : ` (${state})`}`
              })
              .join(', '),
        },
      ],
      'no service is known',
    )
  },
}
