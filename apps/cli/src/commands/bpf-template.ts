import type { Command } from '../command.ts'
import { listView } from '../view.ts'

export const bpfTemplate: Command = {
  name: 'bpf template',
  summary: 'Compiled programs, and how many endpoints run a patched copy',
  examples: ['axo bpf template'],
  run: async ({ client }) =>
    listView(
      await client.templates(),
      [
        { title: 'Program', value: (row) => row.program },
        { title: 'Hash', value: (row) => row.hash },
        { title: 'Endpoints', value: (row) => row.endpoints },
        { title: 'Bytes', value: (row) => row.bytes },
        { title: 'Compile ms', value: (row) => Math.round(row.compileMs) },
      ],
      'nothing is compiled yet',
    ),
}
