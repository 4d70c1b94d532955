import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findBtfType, parseBtf } from '@axoneme/bpf'
import { compileBpf, temporaryDirectory } from '@axoneme/bpf/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseElf } from '../elf/elf-file.ts'
import { ElfError } from '../errors.ts'
import type { ObjectPlan, ProgramPlan } from './object-plan.ts'
import { parseObject } from './parse-object.ts'

const source = join(import.meta.dirname, '../../testdata/sample.c')

let bytes: Buffer
let plan: ObjectPlan
beforeAll(() => {
  bytes = compileBpf(source)
  plan = parseObject(bytes)
})

describe('parseObject', () => {
  it('finds the programs, the license and the constants', () => {
    expect(plan.license).toBe('Dual BSD/GPL')
    expect(plan.constants).toEqual([
      { name: 'EP_BEFORE', bits: 64, order: 'network' },
      { name: 'EP_COOKIE', bits: 64, order: 'host' },
      { name: 'EP_ID', bits: 16, order: 'host' },
      { name: 'EP_IPV4', bits: 32, order: 'network' },
      { name: 'EP_IPV6', bits: 128, order: 'network' },
      { name: 'EP_MAC', bits: 48, order: 'network' },
      { name: 'EP_PORT', bits: 16, order: 'network' },
      { name: 'EP_SECLABEL', bits: 32, order: 'host' },
      { name: 'EP_TAG', bits: 8, order: 'host' },
      { name: 'EP_WIDE', bits: 128, order: 'host' },
    ])
    expect(plan.programs.map(({ name, section, type }) => ({ name, section, type }))).toEqual([
      { name: 'main_program', section: 'tc/main', type: 'sched_cls' },
      { name: 'tail_program', section: 'tc/tail', type: 'sched_cls' },
      { name: 'plain_program', section: 'tc/plain', type: 'sched_cls' },
      { name: 'widths_program', section: 'tc/widths', type: 'sched_cls' },
    ])
  })

  it('reads map definitions by types and by sizes', () => {
    const maps = Object.fromEntries(plan.maps.map((map) => [map.spec.name, map]))
    expect(maps.seen).toMatchObject({
      spec: { name: 'seen', type: 'hash', keySize: 8, valueSize: 8, maxEntries: 64, flags: 1 },
      pinning: 'by-name',
    })
    expect(maps.seen?.btfTypes?.keyTypeId).toBeGreaterThan(0)
    expect(maps.calls).toEqual({
      spec: { name: 'calls', type: 'prog_array', keySize: 4, valueSize: 4, maxEntries: 2, flags: 0 },
      pinning: 'none',
    })
    expect(maps.events?.spec).toMatchObject({ type: 'ringbuf', keySize: 0, valueSize: 0, maxEntries: 4096 })
  })

  it('says where constants, maps and data go', () => {
    const main = program('main_program')
    expect(main.mapSlots.map(({ map }) => map)).toEqual(['seen', 'seen', 'events', 'calls'])
    expect(new Set(main.constantSlots.map(({ constant }) => constant))).toEqual(
      new Set(['EP_ID', 'EP_SECLABEL', 'EP_COOKIE']),
    )
    for (const { insn } of [...main.mapSlots, ...main.constantSlots]) {
      expect(main.insns[insn * 8]).toBe(0x18)
      expect(main.insns.readInt32LE(insn * 8 + 4)).toBe(0)
    }
    expect(program('tail_program').dataSlots).toMatchObject([{ section: '.rodata', offset: 0 }])
    expect(
      plan.data.map(({ section, bytes: data }) => [
        section,
        [...new Uint32Array(new Uint8Array(data).buffer)],
      ]),
    ).toEqual([['.rodata', [1, 10, 100, 1000]]])
  })

  it('gives a constant of 128 bits two slots', () => {
    const slots = program('widths_program').constantSlots.filter(({ constant }) => constant === 'EP_IPV6')
    expect(slots.map(({ word }) => word).sort()).toEqual([0, 1])
  })

  it('has no constant that no program reads', () => {
    const text =
      'CONSTANT_U8(READ); CONSTANT_U8(UNREAD); SEC("tc") int f(void *c) { return READ() + 0 * UNREAD(); }'
    expect(parseObject(compileText(`${prologue} ${text}`)).constants).toEqual([
      { name: 'READ', bits: 8, order: 'host' },
    ])
  })

  it('puts the functions that a program calls behind it, and no others', () => {
    // mix and each, count with mix, none
    expect(program('main_program').btf?.funcInfo.length).toBe(3 * 8)
    expect(program('tail_program').btf?.funcInfo.length).toBe(3 * 8)
    expect(program('plain_program').btf?.funcInfo.length).toBe(8)
  })

  it('is plain data, equal for equal bytes', () => {
    expect(parseObject(Buffer.from(bytes))).toEqual(plan)
    expect(structuredClone(plan).constants).toEqual(plan.constants)
  })

  it('works without debug information, when there are no maps', () => {
    const { btf, programs } = parseObject(compileText(`${prologue} ${main}`, ['-g0']))
    expect(btf).toBeUndefined()
    expect(programs[0]).not.toHaveProperty('btf')
  })
})

const prologue = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "${join(import.meta.dirname, '../../../bpf-programs/c/lib/constants.h')}"
char _license[] SEC("license") = "GPL";
`
const main = 'SEC("tc") int f(struct __sk_buff *skb) { return skb->len; }'
const mapOf = (members: string) => `
struct { __uint(type, BPF_MAP_TYPE_HASH); ${members} } m SEC(".maps");
SEC("tc") int f(struct __sk_buff *skb) { __u32 key = 0; return bpf_map_lookup_elem(&m, &key) != 0; }`

describe('parseObject refuses by name', () => {
  const sources: [string, string, string, string[]?][] = [
    [
      'a variable that can be written',
      'int counter = 3; SEC("tc") int f(void *c) { return counter++; }',
      'function f uses counter in section .data',
    ],
    [
      'a zeroed variable',
      'int counter; SEC("tc") int f(void *c) { return counter++; }',
      'function f uses counter in section .bss',
    ],
    [
      'an unknown section',
      'SEC("mystery/x") int f(void *c) { return 0; }',
      'section mystery/x is no known kind of program',
    ],
    [
      'a static program',
      'SEC("tc") static __attribute__((used)) int f(void *c) { return 0; }',
      'function f in tc: a program cannot be static',
    ],
    [
      'a function that is not there',
      'int g(void *c); SEC("tc") int f(void *c) { return g(c); }',
      'function f calls g, which is not in the object',
    ],
    [
      'a constant without a width',
      'extern char EP_ID __attribute__((nodebug)); SEC("tc") int f(void *c) { return (int)(long)&EP_ID; }',
      'function f uses the undefined symbol "EP_ID", which cannot be a constant',
    ],
    ...['EP_ID.u24', 'EP_ID.le32', 'EP_ID.be8', 'EP_ID.u32.0', 'EP_ID.u128', 'EP_ID.u128.2', '.u32'].map(
      (symbol): [string, string, string] => [
        `a constant called ${symbol}`,
        `AXO_SYMBOL(constant, "${symbol}"); SEC("tc") int f(void *c) { return (int)(long)&constant; }`,
        `function f uses the undefined symbol "${symbol}", which cannot be a constant`,
      ],
    ),
    [
      'a constant of two widths',
      'CONSTANT_U32(EP_ID); AXO_SYMBOL(other, "EP_ID.u16"); SEC("tc") int f(void *c) { return EP_ID() + (int)(long)&other; }',
      'constant EP_ID is declared as u',
    ],
    [
      'a constant of two byte orders, in two programs',
      'CONSTANT_U32(EP_ID); AXO_SYMBOL(other, "EP_ID.be32"); SEC("tc/f") int f(void *c) { return EP_ID(); } SEC("tc/g") int g(void *c) { return (int)(long)&other; }',
      'constant EP_ID is declared as u32 and as be32',
    ],
    [
      'a kernel symbol',
      'extern const int jiffies __ksym; SEC("tc") int f(void *c) { return (int)(long)&jiffies; }',
      'function f uses the undefined symbol "jiffies", which cannot be a constant',
    ],
    ['no program', 'int nothing;', 'the object has no program'],
    [
      'maps without BTF',
      mapOf('__type(key, __u32); __type(value, __u32);'),
      'section .maps has no BTF',
      ['-g0'],
    ],
    [
      'an unknown member of a map',
      mapOf('__type(key, __u32); __type(value, __u32); __uint(colour, 1);'),
      'map m: member colour is not supported',
    ],
    [
      'a map whose sizes disagree',
      mapOf('__type(key, __u32); __uint(key_size, 8); __type(value, __u32);'),
      'map m: key_size is 8, but its type has 4 bytes',
    ],
    [
      'an unknown pinning',
      mapOf('__type(key, __u32); __type(value, __u32); __uint(pinning, 7);'),
      'map m: unknown pinning 7',
    ],
    [
      'an unknown type of map',
      mapOf('__type(key, __u32);').replace('BPF_MAP_TYPE_HASH', '999'),
      'map m: its type 999 is missing or not supported',
    ],
    [
      'initial values of a map',
      'SEC("tc") int f(void *c) { return 0; }\nstruct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 1); __uint(key_size, 4); __array(values, int(void *)); } m SEC(".maps") = { .values = { [0] = (void *)&f } };',
      'section .maps: initial values of maps are not supported',
    ],
    [
      'CO-RE',
      'struct task { int pid; } __attribute__((preserve_access_index)); SEC("tc") int f(struct task *c) { return c->pid; }',
      'CO-RE relocations are not supported',
    ],
  ]
  it.each(sources)('%s', (_name, text, message, flags = []) => {
    const object = compileText(`${prologue} ${text}`, flags)
    expect(() => parseObject(object)).toThrow(ElfError)
    expect(() => parseObject(object)).toThrow(message)
  })

  it('an extern variable with debug information', () => {
    const object = compileText(`${prologue} ${main}`)
    // The BTF_KIND_VAR of _license: info, type, linkage.
    const at = object.indexOf(Buffer.from([0, 0, 0, 14]), object.indexOf(Buffer.from([0x9f, 0xeb, 1, 0])))
    object.writeUInt32LE(2, at + 8)
    expect(() => parseObject(object)).toThrow('extern _license is in the BTF')
  })

  it('a missing license', () => {
    const object = compileText(`${prologue.replace(/^char.*$/m, '')} ${main}`)
    expect(() => parseObject(object)).toThrow('section license is missing')
  })

  const headers: [string, (copy: Buffer) => Buffer, string][] = [
    ['what is no ELF file', () => Buffer.from('#!/bin/sh'), 'not an ELF file'],
    ['nothing', () => Buffer.alloc(0), 'not an ELF file'],
    ['32-bit objects', (copy) => put(copy, 4, 1), 'not a little-endian 64-bit ELF file'],
    ['big-endian objects', (copy) => put(copy, 5, 2), 'not a little-endian 64-bit ELF file'],
    ['objects for another machine', (copy) => put(copy, 18, 62), 'an object for machine 62'],
    ['executables', (copy) => put(copy, 16, 2), 'an ELF file of type 2'],
    ['a cut off file', (copy) => copy.subarray(0, copy.length - 100), 'section headers: '],
    ['a section header table beyond every file', (copy) => put(copy, 47, 0xff), 'section header offset'],
  ]
  it.each(headers)('%s', (_name, change, message) => {
    const changed = change(Buffer.from(bytes))
    expect(() => parseObject(changed)).toThrow(ElfError)
    expect(() => parseObject(changed)).toThrow(message)
  })

  it('an unknown type of relocation', () => {
    const copy = Buffer.from(bytes)
    const table = Buffer.alloc(8)
    // The first relocation of .rel.text: offset 8, type R_BPF_64_64.
    table.writeUInt32LE(8, 0)
    const at = copy.indexOf(Buffer.concat([table, Buffer.from([1, 0, 0, 0])]))
    expect(at).toBeGreaterThan(0)
    copy.writeUInt32LE(77, at + 8)
    expect(() => parseObject(copy)).toThrow(/section \S+, offset 8: unknown relocation type 77 against \w+/)
  })
})

describe('parseObject and the symbol table', () => {
  /** The object with another value for a symbol. */
  const withSymbolAt = (values: Record<string, number>) => {
    const copy = Buffer.from(bytes)
    const { sections, symbols } = parseElf(copy)
    const table = sections.find(({ name }) => name === '.symtab')!
    for (const [name, value] of Object.entries(values)) {
      const index = symbols.findIndex((symbol) => symbol.name === name)
      table.bytes.writeBigUInt64LE(BigInt(value), index * 24 + 8)
    }
    return copy
  }

  it('puts the variables of a section into the order that the kernel wants', () => {
    const { btf } = parseObject(withSymbolAt({ events: 0x20, calls: 0 }))
    const variables = findBtfType(parseBtf(btf!), 'datasec', '.maps')!.type.variables
    expect(variables.map(({ offset }) => offset)).toEqual([0, 0x20, 0x30])
  })

  it.each([
    [{ thresholds: 16 }, 'offset 16 of thresholds is outside of section .rodata'],
    [{ mix: 8 }, 'section .text: function mix starts at 1, not at'],
    [{ mix: 0x1000 }, 'function mix reaches beyond the end of section .text'],
    [{ mix: 3 }, 'function mix: 64 bytes at 3 are no whole instructions'],
    [{ each: 0x120 }, 'section .text: function'],
  ] as [Record<string, number>, string][])('refuses %j', (values, message) => {
    expect(() => parseObject(withSymbolAt(values))).toThrow(message)
  })
})

describe('parseObject on mutated objects', () => {
  /** Only real findings come out: an ElfError, or a plan whose slots lie inside of their programs. */
  const survives = (mutated: Buffer) => {
    let parsed: ObjectPlan
    try {
      parsed = parseObject(mutated)
    } catch (error) {
      if (!(error instanceof ElfError)) throw error
      return
    }
    for (const { insns, mapSlots, dataSlots, constantSlots } of parsed.programs) {
      for (const { insn } of [...mapSlots, ...dataSlots, ...constantSlots]) {
        if (insn * 8 + 16 > insns.length) throw new Error(`slot at ${insn} of ${insns.length / 8}`)
      }
      for (const { section, offset } of dataSlots) {
        const size = parsed.data.find((data) => data.section === section)?.bytes.length ?? 0
        if (offset < 0 || offset >= size) throw new Error(`offset ${offset} of ${size} bytes in ${section}`)
      }
    }
  }

  it('with some bytes replaced', () => {
    const mutation = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }))
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
        const mutated = Buffer.from(bytes)
        for (const [at, byte] of mutations) mutated[at] = byte
        survives(mutated)
      }),
      { numRuns: 1500 },
    )
  })

  it('with wild numbers in the header, section headers, symbols and relocations', () => {
    const headersAt = Number(bytes.readBigUInt64LE(40))
    const symbols = bytes.length // The interesting tables lie behind the debug sections, up to the end.
    const place = fc.oneof(
      fc.nat({ max: 63 }),
      fc.integer({ min: headersAt, max: bytes.length - 8 }),
      fc.integer({ min: Math.floor(symbols / 2), max: bytes.length - 8 }),
    )
    const wild = fc.constantFrom(
      0n,
      1n,
      7n,
      8n,
      0xffffn,
      0x7fffffffn,
      0xffffffffn,
      1n << 40n,
      (1n << 64n) - 1n,
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(place, wild), { minLength: 1, maxLength: 3 }), (mutations) => {
        const mutated = Buffer.from(bytes)
        for (const [at, value] of mutations) mutated.writeBigUInt64LE(value, at)
        survives(mutated)
      }),
      { numRuns: 1500 },
    )
  })

  it('cut off anywhere', () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), (length) => {
        expect(() => parseObject(bytes.subarray(0, length))).toThrow(ElfError)
      }),
      { numRuns: 200 },
    )
  })
})

function program(name: string): ProgramPlan {
  const found = plan.programs.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no program ${name}`)
  return found
}

function put(buffer: Buffer, at: number, byte: number): Buffer {
  buffer[at] = byte
  return buffer
}

function compileText(text: string, flags: readonly string[] = []): Buffer {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'source.c')
  writeFileSync(path, text)
  return compileBpf(path, flags)
}
