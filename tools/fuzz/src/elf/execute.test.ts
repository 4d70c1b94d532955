import { parseObject } from '@axoneme/bpf-templater'
import { describe, expect, it } from 'vitest'
import { minimalObjects } from '../corpus/minimal-objects.ts'
import { InvariantError } from '../errors.ts'
import { Random } from '../random.ts'
import { checkPlan } from './check-plan.ts'
import { execute } from './execute.ts'
import { elfTarget } from './target.ts'

describe('the seeds', () => {
  it('are accepted, all of them', async () => {
    const seeds = await elfTarget.seeds({ signal: AbortSignal.timeout(60_000) })
    expect(seeds.length).toBeGreaterThan(20)
    const outcomes = seeds.map(({ name, bytes }) => ({ name, outcome: execute(bytes, new Random(1)) }))
    expect(outcomes.filter(({ outcome }) => 'refusal' in outcome)).toEqual([])
  }, 60_000)
})

describe('checkPlan', () => {
  const plan = () => structuredClone(parseObject(minimalObjects().get('maps')!))
  const buffers = (value: ReturnType<typeof plan>) => ({
    ...value,
    programs: value.programs.map((program) => ({ ...program, insns: Buffer.from(program.insns) })),
    btf: Buffer.from(value.btf!),
  })

  it('finds nothing in a plan as it is', () => {
    expect(() => checkPlan(buffers(plan()))).not.toThrow()
  })

  it.each([
    ['a slot behind the program', (p) => Object.assign(p.programs[0]!.mapSlots[0]!, { insn: 5 })],
    ['a slot that is no load', (p) => Object.assign(p.programs[0]!.mapSlots[0]!, { insn: 4 })],
    ['a slot of an unknown map', (p) => Object.assign(p.programs[0]!.mapSlots[0]!, { map: 'other' })],
    ['a descriptor', (p) => p.programs[0]!.insns.writeUInt8(0x10, 1)],
    ['a call out of the program', (p) => p.programs[0]!.insns.set([0x85, 0x10, 0, 0, 9], 32)],
    ['a map that is there twice', (p) => Object.assign(p.maps[0]!.spec, { name: 'events' })],
    [
      'a size that is no number',
      (p) => Object.assign(p.maps[0]!.spec, { keySize: Number.POSITIVE_INFINITY }),
    ],
    [
      'a constant without a slot',
      (p) => Object.assign(p, { constants: [{ name: 'A', bits: 8, order: 'host' }] }),
    ],
    ['no program', (p) => Object.assign(p, { programs: [] })],
  ] as [string, (plan: ReturnType<typeof buffers>) => unknown][])('finds %s', (_name, damage) => {
    const damaged = buffers(plan())
    damage(damaged)
    expect(() => checkPlan(damaged)).toThrow(InvariantError)
  })
})
