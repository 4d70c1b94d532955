import { l4ProtocolName } from '@axoneme/net-types'
import type { Command } from '../command.ts'
import { identityNames } from '../labels.ts'
import { tableOf } from '../view.ts'

export const policyGet: Command = {
  name: 'policy get',
  summary: 'What the endpoints of this node allow, and by which policies',
  parameters: ['[ENDPOINT]'],
  examples: ['axo policy get', 'axo policy get shop/cart-0'],
  run: async ({ client, args: [name] }) => {
    const only = name === undefined ? undefined : (await client.endpoint(name)).id
    const [policies, identities] = await Promise.all([client.policies(), client.identities()])
    const nameOf = identityNames(identities)
    const chosen = policies
      .filter((row) => only === undefined || row.endpointId === only)
      .sort((a, b) => a.endpointId - b.endpointId)
    const rows = chosen.flatMap(({ endpointId, enforceIngress, enforceEgress, entries }) => [
      ...[
        { endpointId, direction: 'ingress', enforced: enforceIngress },
        { endpointId, direction: 'egress', enforced: enforceEgress },
      ]
        .filter(({ enforced }) => !enforced)
        .map(({ direction }) => ({
          endpointId,
          direction,
          peer: 'any',
          ports: 'any',
          rules: 'not restricted',
        })),
      ...entries.map((entry) => ({
        endpointId,
        direction: entry.direction,
        peer: nameOf(entry.identity),
        ports: formatPorts(entry),
        rules: entry.rules.join(', '),
      })),
    ])
    const table = tableOf(rows, [
      { title: 'Endpoint', value: (row) => row.endpointId },
      { title: 'Direction', value: (row) => row.direction },
      { title: 'Peer', value: (row) => row.peer },
      { title: 'Ports', value: (row) => row.ports },
      { title: 'Allowed by', value: (row) => row.rules },
    ])
    return { kind: 'table', data: chosen, table, empty: 'no policy is computed yet' }
  },
}

/** `80/TCP`, `any/UDP`, `8080-8087/TCP`, `any`. */
export function formatPorts(entry: { protocol: number; port: number; portPrefixLength: number }): string {
  if (entry.protocol === 0) return 'any'
  const protocol = l4ProtocolName(entry.protocol)
  if (entry.portPrefixLength === 0) return `any/${protocol}`
  const last = entry.port + 2 ** (16 - entry.portPrefixLength) - 1
  return last === entry.port ? `${entry.port}/${protocol}` : `${entry.port}-${last}/${protocol}`
}
