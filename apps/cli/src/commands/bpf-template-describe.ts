import type { TemplateDescription } from '@axoneme/agent-api'
import { formatAge } from '../age.ts'
import type { Command } from '../command.ts'
import { tableOf } from '../view.ts'
import { formatConfiguration, formatUsers } from './bpf-template-list.ts'

export const bpfTemplateDescribe: Command = {
  name: 'bpf template describe',
  summary: 'What a template is made of: slots for values, programs, maps',
  parameters: ['HASH|PROGRAM'],
  examples: ['axo bpf template describe lxc', 'axo bpf template describe 3f2a9c -o json'],
  run: async ({ client, args: [name = ''], nowMs }) => {
    const data = await client.template(name)
    return {
      kind: 'fields',
      data,
      fields: [
        ['Hash', data.hash],
        ['Program', data.program],
        ['Configuration', formatConfiguration(data)],
        ['Compiler', data.compiler.split('\n')[0] ?? ''],
        ['Compiled', `${formatAge(data.createdAt, nowMs)} ago, in ${Math.round(data.compileMs)} ms`],
        ['Used', `${formatAge(data.lastUsedAt, nowMs)} ago`],
        ['Bytes', data.bytes],
        ['License', data.license],
        ['Runs on', formatUsers(data)],
      ],
      tables: [
        tableOf(data.slots, [
          { title: 'Slot', value: (row) => row.name },
          { title: 'Bits', value: (row) => row.bits },
          { title: 'Byte order', value: (row) => row.order },
          { title: 'In', value: (row) => programsWith(data, 'slots', row.name) },
        ]),
        tableOf(data.programs, [
          { title: 'Program', value: (row) => row.name },
          { title: 'Instructions', value: (row) => row.instructions },
          { title: 'Section', value: (row) => row.section },
          { title: 'Slots', value: (row) => row.slots.length },
          { title: 'Maps', value: (row) => row.maps.length },
        ]),
        tableOf(data.maps, [
          { title: 'Map', value: (row) => row.name },
          { title: 'Type', value: (row) => row.type },
          { title: 'Key bytes', value: (row) => row.keySize },
          { title: 'Value bytes', value: (row) => row.valueSize },
          { title: 'Entries', value: (row) => row.maxEntries },
          { title: 'Pinned', value: (row) => row.pinning },
          { title: 'Used by', value: (row) => programsWith(data, 'maps', row.name) },
        ]),
      ],
    }
  },
}

/** Names of the programs that have the slot or use the map. */
function programsWith({ programs }: TemplateDescription, what: 'slots' | 'maps', name: string): string {
  return programs
    .filter((program) => program[what].includes(name))
    .map((program) => program.name)
    .join(', ')
}
