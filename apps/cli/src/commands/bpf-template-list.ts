import type { TemplateRow } from '@axoneme/agent-api'
import { formatAge } from '../age.ts'
import type { Command } from '../command.ts'
import { type Column, listView } from '../view.ts'

const columnsAt = (nowMs: number): readonly Column<TemplateRow>[] => [
  { title: 'Hash', value: (row) => row.hash },
  { title: 'Program', value: (row) => row.program },
  { title: 'Configuration', value: formatConfiguration },
  { title: 'Bytes', value: (row) => row.bytes },
  { title: 'Age', value: (row) => formatAge(row.createdAt, nowMs) },
  { title: 'Used', value: (row) => formatAge(row.lastUsedAt, nowMs) },
  { title: 'Runs on', value: formatUsers },
]

export const bpfTemplateList: Command = {
  name: 'bpf template list',
  shortName: 'bpf template',
  summary: 'Compiled templates of this machine, and who runs a patched copy',
  examples: ['axo bpf template list', 'axo bpf template list -o json'],
  run: async ({ client, nowMs }) =>
    listView(await client.templates(), columnsAt(nowMs), 'nothing is compiled yet'),
}

/** `routingMode=native traceEveryPacket`. An option that is off is left out. */
export function formatConfiguration({ configuration }: Pick<TemplateRow, 'configuration'>): string {
  return Object.entries(configuration)
    .flatMap(([name, value]) => {
      if (value === false) return []
      return [value === true ? name : `${name}=${value}`]
    })
    .sort()
    .join(' ')
}

/** `3 endpoints`, `eth0, eth1`, `nothing`; `-` for a template of another configuration. */
export function formatUsers({
  running,
  endpoints,
  devices,
}: Pick<TemplateRow, 'running' | 'endpoints' | 'devices'>): string {
  if (!running) return '-'
  const pods =
    endpoints.length === 0 ? [] : [`${endpoints.length} endpoint${endpoints.length === 1 ? '' : 's'}`]
  return [...pods, ...devices].join(', ') || 'nothing'
}
