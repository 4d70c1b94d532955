import type { AgentStatus, KernelStatus } from '@axoneme/agent-api'
import { formatAge } from '../age.ts'
import type { Command } from '../command.ts'
import { type Table, tableOf } from '../view.ts'
import { intervalsView } from './status-intervals.ts'

export const status: Command = {
  name: 'status',
  summary:
    'Whether the agent of this node is well, and what it waits for; exits with 1 while it is not ready',
  switches: ['verbose', 'intervals'],
  examples: ['axo status', 'axo status --verbose', 'axo status --intervals', 'axo status -o json'],
  run: async ({ client, verbose, intervals, nowMs }) => {
    if (intervals) return await intervalsView(client, nowMs)
    const data = await client.status()
    return {
      kind: 'fields',
      data,
      isBad: !data.ready,
      fields: [
        [
          'Ready',
          data.ready ? 'yes' : `no, at step ${data.step}${data.detail === '' ? '' : `: ${data.detail}`}`,
        ],
        ['Node', data.node],
        ['Cluster', data.cluster],
        ['Routing', data.routing],
        ['Pod CIDRs', data.podCidrs.join(', ') || 'none'],
        ['Kernel', formatKernel(data.kernel)],
        ['Attached', formatAttachments(data.attachments)],
        ['Started', data.startedAt],
        ['Version', data.version],
      ],
      tables: [
        ...(data.ready && !verbose ? [] : [stepTable(data.steps)]),
        tableOf(data.components, [
          { title: 'Component', value: (row) => row.name },
          { title: 'State', value: (row) => row.state },
          { title: 'Message', value: (row) => row.message },
        ]),
        endpointTable(data.kvstoreEndpoints, nowMs),
        tableOf(Object.entries(data.counts), [
          { title: 'Table', value: ([name]) => name },
          { title: 'Rows', value: ([, count]) => count },
        ]),
        ...(verbose ? [featureTable(data.kernel)] : []),
      ],
    }
  },
}

/** `6.1.0: tcx missing (Linux 6.6 has it), clsact instead`. */
export function formatKernel({ release, features }: KernelStatus): string {
  if (features.length === 0) return `${release}: not asked yet what it has`
  const missing = features.filter(({ present }) => !present)
  if (missing.length === 0) return `${release}: all features`
  const parts = missing.map(
    ({ name, since, required, without }) =>
      `${name} missing (Linux ${since} has it), ${required ? 'required' : `${without ?? 'nothing'} instead`}`,
  )
  return `${release}: ${parts.join('; ')}`
}

/** `pods by clsact; eth0, eth1 by tcx`. */
export function formatAttachments(attachments: AgentStatus['attachments']): string {
  const placesByKind = Map.groupBy(attachments, ({ by }) => by)
  const parts = [...placesByKind].map(([by, all]) => `${all.map(({ place }) => place).join(', ')} by ${by}`)
  return parts.join('; ') || 'nothing yet'
}

function stepTable(steps: AgentStatus['steps']): Table {
  return tableOf(steps, [
    { title: 'Step', value: (row) => row.name },
    { title: 'State', value: (row) => row.state },
    { title: 'Tries', value: (row) => row.attempts },
    { title: 'Seconds', value: (row) => Number((row.durationMs / 1000).toFixed(1)) },
    { title: 'Waits for', value: (row) => row.detail },
  ])
}

function endpointTable(endpoints: AgentStatus['kvstoreEndpoints'], nowMs: number): Table {
  const age = (time: string | undefined) => (time === undefined ? '-' : formatAge(time, nowMs))
  return tableOf(endpoints, [
    { title: 'etcd', value: (row) => row.endpoint },
    { title: 'State', value: (row) => row.state },
    { title: 'Role', value: (row) => row.role || '-' },
    { title: 'Version', value: (row) => row.version || '-' },
    { title: 'Since', value: (row) => age(row.since) },
    { title: 'Asked', value: (row) => age(row.asked) },
    { title: 'Message', value: (row) => row.detail },
  ])
}

function featureTable({ features }: KernelStatus): Table {
  return tableOf(features, [
    { title: 'Kernel feature', value: (row) => row.name },
    { title: 'Linux', value: (row) => row.since },
    { title: 'Present', value: (row) => (row.present ? 'yes' : 'no') },
    { title: 'Need', value: (row) => (row.required ? 'required' : 'optional') },
    { title: 'For', value: (row) => row.usedFor },
  ])
}
