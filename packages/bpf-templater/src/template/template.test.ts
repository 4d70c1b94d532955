import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BpfMap, openBpfKernel, openRingBuffer, ProgramRejectedError } from '@axoneme/bpf'
import {
  bpftool,
  compileBpf,
  compileBpfByText,
  isRoot,
  loadByBpftool,
  temporaryDirectory,
  translatedInstructions,
} from '@axoneme/bpf/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TemplateError } from '../errors.ts'
import type { ObjectPlan } from '../plan/object-plan.ts'
import { parseObject } from '../plan/parse-object.ts'
import { patchProgram } from './patch.ts'
import { loadTemplate, type ProgramSet, type Template } from './template.ts'

const source = join(import.meta.dirname, '../../testdata/sample.c')
/** As the source says under ORACLE, in all the ways to say it. */
const constants = {
  EP_ID: 0x2a01,
  EP_SECLABEL: 0xfffffffen,
  EP_TAG: 255,
  EP_COOKIE: 0x8000_0000_0000_0001n,
  EP_PORT: 443,
  EP_IPV4: Uint8Array.of(10, 0, 1, 2),
  EP_MAC: Buffer.from('02beef123456', 'hex'),
  EP_BEFORE: 0x0102030405060708n,
  EP_IPV6: Buffer.from('200db80000000000000000000000ff01', 'hex'),
  EP_WIDE: 0x00112233445566778899aabbccddeeffn,
}

let plan: ObjectPlan
beforeAll(() => {
  plan = parseObject(compileBpf(source))
})

describe('patchProgram', () => {
  const values = {
    constants: new Map<string, readonly bigint[]>(),
    maps: new Map<string, number>(),
    data: new Map<string, number>(),
  }

  it('fills a copy and leaves the plan as it is', () => {
    const plain = plan.programs.find(({ name }) => name === 'plain_program')!
    const before = Buffer.from(plain.insns)
    const patched = patchProgram(plain, {
      ...values,
      constants: new Map([['EP_SECLABEL', [0x1122334455667788n]]]),
    })
    const at = plain.constantSlots[0]!.insn * 8
    expect(patched.readUInt32LE(at + 4)).toBe(0x55667788)
    expect(patched.readUInt32LE(at + 12)).toBe(0x11223344)
    expect(plain.insns).toEqual(before)
    patched.copy(before, at, at, at + 16)
    expect(patched).toEqual(before)
  })

  it('adds to a constant what the compiler adds to it, within 64 bits', () => {
    const plain = plan.programs.find(({ name }) => name === 'plain_program')!
    const [slot] = plain.constantSlots
    const shifted = { ...plain, constantSlots: [{ ...slot!, addend: 2n }] }
    const patched = patchProgram(shifted, {
      ...values,
      constants: new Map([['EP_SECLABEL', [0xffff_ffff_ffff_ffffn]]]),
    })
    expect(patched.readUInt32LE(slot!.insn * 8 + 4)).toBe(1)
    expect(patched.readUInt32LE(slot!.insn * 8 + 12)).toBe(0)
  })

  it('names what has no value', () => {
    expect(() => patchProgram(plan.programs[0]!, values)).toThrow(
      /program main_program: no value for constant EP_/,
    )
  })
})

describe.runIf(isRoot)('Template', () => {
  const kernel = openBpfKernel()
  let opened: DisposableStack
  let template: Template
  let maps: Record<string, BpfMap>
  beforeEach(() => {
    opened = new DisposableStack()
    template = opened.use(loadTemplate(plan, { kernel }))
    maps = Object.fromEntries(
      Object.entries(template.maps).map(([name, spec]) => [name, opened.use(kernel.createMap(spec))]),
    )
  })
  afterEach(() => opened.dispose())

  it('loads the programs that clang and libbpf make of the same source with the values in it', () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'oracle.o')
    writeFileSync(path, compileBpfByText(source, ['-DORACLE']))
    using oracle = loadByBpftool(path)
    using instance = template.instantiateSync({ constants, maps })
    const programs = Object.values(instance.programs)
    expect(programs).toHaveLength(4)
    for (const { id, name, tag } of programs) {
      expect(`${name} ${tag}`).toBe(`${name} ${oracle.tag(name)}`)
      expect(translatedInstructions('id', String(id))).toEqual(oracle.translated(name))
    }
  })

  it('has constants in memory as the C asks for them', () => {
    using instance = template.instantiateSync({ constants, maps })
    const { data, retval } = instance.programs.widths_program!.testRun({ data: Buffer.alloc(80) })
    expect(retval).toBe(0)
    expect(Buffer.from(data).toString('hex').match(/.{16}/g)).toEqual([
      '200db80000000000',
      '000000000000ff01', // EP_IPV6, as on the wire
      'ffeeddccbbaa9988',
      '7766554433221100', // EP_WIDE, lowest byte first
      '0100000000000080', // EP_COOKIE, the same
      '0102030405060708', // EP_BEFORE
      '02beef1234560000', // EP_MAC
      'feffffff0a000102', // EP_SECLABEL, EP_IPV4
      '012a01bbff000001', // EP_ID, EP_PORT, EP_TAG; not 0, not equal to another, odd
      '0000000000000000',
    ])
  })

  it('lets a constant be zero or equal to another', () => {
    using instance = template.instantiateSync({
      constants: { ...constants, EP_COOKIE: 0, EP_BEFORE: 0 },
      maps,
    })
    const { data } = instance.programs.widths_program!.testRun({ data: Buffer.alloc(80) })
    expect([...data.subarray(69, 72)]).toEqual([1, 1, 0])
  })

  it('gives each instance its own constants and shares the maps', () => {
    using first = template.instantiateSync({ constants, maps })
    using second = template.instantiateSync({ constants: { ...constants, EP_ID: 43 }, maps })
    const data = Buffer.alloc(64)
    expect(first.programs.main_program?.testRun({ data }).retval).toBe(0x2a01)
    expect(second.programs.main_program?.testRun({ data }).retval).toBe(43)
    expect(first.programs.main_program?.tag).not.toBe(second.programs.main_program?.tag)
    const keys = [...maps.seen!.entries()].map(([key]) => [key.readUInt32LE(0), key.readUInt32LE(4)])
    expect(keys.sort()).toEqual([
      [0x2a01, 0xfffffffe],
      [43, 0xfffffffe],
    ])
  })

  it('loads beside this thread what it loads on it', async () => {
    using here = template.instantiateSync({ constants, maps })
    const tagsOf = ({ programs }: ProgramSet) => Object.values(programs).map(({ name, tag }) => [name, tag])
    const sets = await Promise.all(
      Array.from({ length: 20 }, (_, id) =>
        template.instantiate({ constants: { ...constants, EP_ID: id }, maps }),
      ),
    )
    using opened = new DisposableStack()
    for (const set of sets) opened.use(set)
    using same = await template.instantiate({ constants, maps })
    expect(tagsOf(same)).toEqual(tagsOf(here))
    const results = sets.map(
      ({ programs }) => programs.main_program?.testRun({ data: Buffer.alloc(64) }).retval,
    )
    expect(results).toEqual(sets.map((_, id) => id))
  })

  it('runs subprograms, call-backs, constant data, tail calls and ring buffers', () => {
    using instance = template.instantiateSync({ constants, maps })
    using ring = openRingBuffer(maps.events!)
    const data = Buffer.alloc(64)
    const mix = (value: bigint) => BigInt.asUintN(64, value * 0x9e3779b97f4a7c15n + constants.EP_COOKIE)
    const ctxIn = Buffer.alloc(192)
    ctxIn.writeUInt32LE(3, 8) // thresholds[3] is 1000; the call-backs add up 0 + 1 + 2 + 3.
    const tail = Number(BigInt.asUintN(32, 6n + 1000n + mix(1n)))
    expect(instance.programs.tail_program?.testRun({ data, ctxIn }).retval).toBe(tail)
    expect(instance.programs.main_program?.testRun({ data }).retval).toBe(0x2a01)
    maps.calls?.setProgram(1, instance.programs.tail_program!)
    expect(instance.programs.main_program?.testRun({ data, ctxIn }).retval).toBe(tail)
    const records: bigint[] = []
    ring.read((record) => records.push(record.readBigUInt64LE()))
    expect(records).toEqual([mix(64n), mix(2n)])
  })

  it('lets tools print maps and source lines', () => {
    maps.seen?.update(Buffer.from('2a00000007000000', 'hex'), Buffer.from('0500000000000000', 'hex'))
    const dump = bpftool('map', 'dump', 'id', String(maps.seen?.id))
    expect(dump).toMatchObject([{ formatted: { key: { id: 42, label: 7 }, value: 5 } }])
    using instance = template.instantiateSync({ constants, maps })
    const program = instance.programs.main_program!
    const xlated = execFileSync('bpftool', ['prog', 'dump', 'xlated', 'id', String(program.id), 'linum'], {
      encoding: 'utf8',
    })
    expect(xlated).toContain('__u64 mixed = count(skb); [file:')
    expect(xlated).toMatch(/u64 mix\(.*\):/i)
  })

  it('loads some of the programs, which need only their own values', () => {
    using instance = template.instantiateSync({
      constants: { EP_SECLABEL: 1 },
      maps: {},
      programs: ['plain_program'],
    })
    expect(Object.keys(instance.programs)).toEqual(['plain_program'])
    expect(instance.programs.plain_program?.testRun({ data: Buffer.alloc(64) }).retval).toBe(9)
  })

  it('outlives nothing: instances stay when it goes, and go when they are closed', () => {
    const instance = template.instantiateSync({ constants, maps })
    const ids = Object.values(instance.programs).map(({ id }) => id)
    template[Symbol.dispose]()
    expect(instance.programs.tail_program?.testRun({ data: Buffer.alloc(64) }).retval).toBeGreaterThan(0)
    instance[Symbol.dispose]()
    for (const id of ids) expect(kernel.programIds()).not.toContain(id)
  })

  describe('refuses', () => {
    type Options = Parameters<Template['instantiateSync']>[0]
    const cases: [string, (options: Options) => Options, string][] = [
      [
        'a slot without a value',
        ({ constants: { EP_SECLABEL: _, ...others }, ...o }) => ({ ...o, constants: others }),
        'program main_program: no value for constant EP_SECLABEL',
      ],
      [
        'a value without a slot',
        (o) => ({ ...o, constants: { ...constants, EP_COLOUR: 1 } }),
        'constant EP_COLOUR: no program of the template has such a slot',
      ],
      [
        'a value that is too wide',
        (o) => ({ ...o, constants: { ...constants, EP_ID: 65536 } }),
        'constant EP_ID (u16): 65536 does not fit unsigned 16 bits',
      ],
      [
        'a missing map',
        ({ maps: { seen, events } }) => ({ constants, maps: { seen: seen!, events: events! } }),
        'no value for map calls',
      ],
      [
        'an unknown map',
        (o) => ({ ...o, maps: { ...o.maps, other: o.maps.seen! } }),
        'map other: the template has no such map',
      ],
      [
        'a map of another type',
        (o) => ({ ...o, maps: { ...o.maps, seen: o.maps.calls! } }),
        'map seen: type is prog_array, the template wants hash',
      ],
      [
        'an unknown program',
        (o) => ({ ...o, programs: ['plain_program', 'other'] }),
        'program other: the template has no such program',
      ],
    ]
    it.each(cases)('%s', (_name, change, message) => {
      const before = openPrograms()
      expect(() => template.instantiateSync(change({ constants, maps }))).toThrow(TemplateError)
      expect(() => template.instantiateSync(change({ constants, maps }))).toThrow(message)
      expect(openPrograms()).toBe(before)
    })
  })

  it('closes what it loaded when a later program is rejected', async () => {
    const text = `
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      char _license[] SEC("license") = "GPL";
      #include "${join(import.meta.dirname, '../../../bpf-programs/c/lib/constants.h')}"
      CONSTANT_U32(OFFSET);
      SEC("tc/good") int rollback_good(void *c) { return 0; }
      SEC("tc/bad") int rollback_bad(char *c) { return c[OFFSET()]; }`
    using bad = loadTemplate(parseObject(compileText(text)), { kernel })
    const error = failureOf(() => bad.instantiateSync({ constants: { OFFSET: 4096 }, maps: {} }))
    expect(error).toBeInstanceOf(ProgramRejectedError)
    expect((error as ProgramRejectedError).message).toContain('load program rollback_bad: EACCES')
    expect((error as ProgramRejectedError).verifierLog).toContain('rollback_bad(char *c)')
    const asyncError = await bad
      .instantiate({ constants: { OFFSET: 4096 }, maps: {} })
      .catch((e: unknown) => e)
    expect(asyncError).toEqual(error)
    expect(bpftool('prog', 'show').map(({ name }: { name?: string }) => name)).not.toContain('rollback_good')
  })
})

/** How many programs this process holds. The kernel's list has those of every other test too. */
function openPrograms(): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(join('/proc/self/fd', fd))
    } catch {
      return 'closed since it was listed'
    }
  })
  return targets.filter((target) => target.includes('bpf-prog')).length
}

function compileText(text: string): Buffer {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'source.c')
  writeFileSync(path, text)
  return compileBpf(path)
}

function failureOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('did not fail')
}
