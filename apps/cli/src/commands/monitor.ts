import type { Command } from '../command.ts'

export const monitor: Command = {
  name: 'monitor',
  summary: 'What the datapath does, as it happens, until interrupted',
  examples: ['axo monitor', 'axo monitor -o json'],
  run: async ({ client, signal }) => ({ kind: 'stream', items: client.monitor(signal), line: formatRecord }),
}

/** The agent's own line, which has the names of pods; without one, the type, then the fields as they come. */
export function formatRecord(record: unknown): string {
  if (typeof record !== 'object' || record === null) return String(record)
  const { type = '', text, ...fields } = record as Record<string, unknown>
  if (typeof text === 'string') return text
  return [String(type), ...Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`)].join(
    ' ',
  )
}

function valueText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}
