import { join } from 'node:path'
import { compileBpf } from '@axoneme/bpf/testing'
import { expect, it } from 'vitest'
import { describeObject } from './describe-object.ts'
import { parseObject } from './parse-object.ts'

it('describes programs, maps and constants', () => {
  const plan = parseObject(compileBpf(join(import.meta.dirname, '../../testdata/sample.c')))
  const description = describeObject(plan)
  expect(description).toMatchObject({
    license: 'Dual BSD/GPL',
    programs: [
      { name: 'main_program', section: 'tc/main', type: 'sched_cls', maps: ['calls', 'events', 'seen'] },
      { name: 'tail_program', constants: ['EP_COOKIE'], maps: [] },
      { name: 'plain_program', constants: ['EP_SECLABEL'] },
      { name: 'widths_program', section: 'tc/widths' },
    ],
    maps: [
      { name: 'calls', type: 'prog_array', keySize: 4, valueSize: 4, maxEntries: 2, pinning: 'none' },
      { name: 'events', type: 'ringbuf', keySize: 0, valueSize: 0, maxEntries: 4096, pinning: 'none' },
      { name: 'seen', type: 'hash', keySize: 8, valueSize: 8, maxEntries: 64, pinning: 'by-name' },
    ],
  })
  expect(description.constants).toEqual(plan.constants)
  expect(description.programs.at(-1)?.constants).toEqual(plan.constants.map(({ name }) => name))
  for (const [index, { instructions }] of description.programs.entries()) {
    expect(instructions).toBe(plan.programs[index]!.insns.length / 8)
  }
  expect(JSON.parse(JSON.stringify(description))).toEqual(description)
})
