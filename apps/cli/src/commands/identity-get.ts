import type { Command } from '../command.ts'

export const identityGet: Command = {
  name: 'identity get',
  summary: 'The labels behind one identity',
  parameters: ['ID'],
  examples: ['axo identity get 300'],
  run: async ({ client, args: [id = ''] }) => {
    const row = await client.identity(id)
    return {
      kind: 'fields',
      data: row,
      fields: [
        ['Identity', row.id],
        ...Object.entries(row.labels)
          .sort()
          .map(([key, value]) => [key, value] as const),
      ],
    }
  },
}
