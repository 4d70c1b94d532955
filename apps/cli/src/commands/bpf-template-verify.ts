import type { TemplateCheck } from '@axoneme/agent-api'
import type { Command } from '../command.ts'
import { type Column, tableOf } from '../view.ts'

type Line = Readonly<{
  endpointId: number
  pod: string
  program: string
  outcome: string
  templateTag: string
  runningTag: string
  runningId: string
}>

const columns: readonly Column<Line>[] = [
  { title: 'Endpoint', value: (row) => row.endpointId },
  { title: 'Pod', value: (row) => row.pod },
  { title: 'Program', value: (row) => row.program },
  { title: 'Outcome', value: (row) => row.outcome },
  { title: 'Template', value: (row) => row.templateTag },
  { title: 'Running', value: (row) => row.runningTag },
  { title: 'Id', value: (row) => row.runningId },
]

export const bpfTemplateVerify: Command = {
  name: 'bpf template verify',
  summary: 'Whether running programs are those that their template makes; exits with 1 when one is not',
  parameters: ['[ENDPOINT]'],
  examples: [
    'axo bpf template verify',
    'axo bpf template verify 7',
    'axo bpf template verify shop/cart-0 -o json',
  ],
  run: async ({ client, args: [endpoint] }) => {
    const checks = await client.verifyTemplates(endpoint)
    const isBad = checks.some(
      ({ programs, problem }) => problem !== undefined || programs.some(({ outcome }) => outcome !== 'same'),
    )
    const empty = 'no pod runs on this node'
    return { kind: 'table', data: checks, table: tableOf(checks.flatMap(linesOf), columns), empty, isBad }
  },
}

function linesOf({ endpointId, pod, programs, problem }: TemplateCheck): Line[] {
  const lines = programs.map(({ program, outcome, templateTag, running }) => ({
    endpointId,
    pod,
    program,
    outcome: outcome === 'same' ? outcome : outcome.toUpperCase(),
    templateTag,
    runningTag: running?.tag ?? '-',
    runningId: running === undefined ? '-' : String(running.id),
  }))
  const unknown = { program: '-', templateTag: '-', runningTag: '-', runningId: '-' }
  return problem === undefined ? lines : [...lines, { ...unknown, endpointId, pod, outcome: problem }]
}
