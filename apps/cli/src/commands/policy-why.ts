import { parseL4Protocol } from '@axoneme/net-types'
import { type Command, UsageError } from '../command.ts'

const example = 'axo policy why shop/cart-0 from 10.0.2.9 8080/TCP'

export const policyWhy: Command = {
  name: 'policy why',
  summary: 'Why a pod of this node may or may not talk with a peer',
  parameters: ['ENDPOINT', 'from|to', 'PEER', 'PORT[/PROTOCOL]'],
  examples: [example, 'axo policy why 7 to 301 53/UDP'],
  run: async ({ client, args: [endpoint = '', way = '', peer = '', where = ''] }) => {
    const query = { endpoint, direction: directionOf(way), peer, ...portOf(where) }
    const verdict = await client.why(query)
    return {
      kind: 'fields',
      data: verdict,
      fields: [
        ['Verdict', verdict.allowed ? 'allowed' : 'denied'],
        ['Reason', verdict.reason],
        [
          'Traffic',
          `${query.direction} of endpoint ${verdict.endpointId}, peer identity ${verdict.peer}, ${query.port}/${query.protocol}`,
        ],
        ['Policies', verdict.rules.join(', ') || 'none'],
      ],
    }
  },
}

function directionOf(way: string): 'ingress' | 'egress' {
  if (way === 'from') return 'ingress'
  if (way === 'to') return 'egress'
  throw new UsageError(`${JSON.stringify(way)} is neither from nor to`, `like this: ${example}`)
}

function portOf(text: string): { port: number; protocol: 'TCP' | 'UDP' | 'SCTP' } {
  const [, digits = '', name = 'TCP'] = /^(\d{1,5})(?:\/(\w+))?$/.exec(text) ?? []
  const protocol = parseL4Protocol(name.toUpperCase())
  if (digits === '' || Number(digits) > 65535 || protocol === undefined) {
    throw new UsageError(`${JSON.stringify(text)} is no PORT[/PROTOCOL]`, `like this: ${example}`)
  }
  return { port: Number(digits), protocol }
}
