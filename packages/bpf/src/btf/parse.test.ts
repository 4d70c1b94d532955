import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { BtfError } from '../errors.ts'
import { compileBpf, dumpSection, temporaryDirectory } from '../testing.ts'
import { btfSizeOf, findBtfType } from './lookup.ts'
import { parseBtf } from './parse.ts'
import type { Btf, BtfType } from './types.ts'

const source = join(import.meta.dirname, '../../testdata/layouts.c')
const vmlinuxPath = '/sys/kernel/btf/vmlinux'

let bytes: Buffer
let btf: Btf
/** `[4] STRUCT 'sample'` for every type, as bpftool reads it: a second implementation. */
let bpftoolLines: string[]

beforeAll(() => {
  using directory = temporaryDirectory()
  const object = join(directory.path, 'layouts.o')
  writeFileSync(object, compileBpf(source))
  bytes = dumpSection(object, '.BTF')
  btf = parseBtf(bytes)
  bpftoolLines = bpftoolTypes(object)
})

function bpftoolTypes(path: string): string[] {
  const text = execFileSync('bpftool', ['btf', 'dump', 'file', path, 'format', 'raw'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return text.match(/^\[\d+\] \w+ '[^']*'/gm) ?? []
}

function ourTypes({ types }: Btf): string[] {
  const line = (type: BtfType, id: number) => `[${id}] ${type.kind.toUpperCase()} '${type.name || '(anon)'}'`
  return types.slice(1).map((type, index) => line(type, index + 1))
}

describe('parseBtf', () => {
  it('reads the types that bpftool reads', () => {
    expect(ourTypes(btf)).toEqual(bpftoolLines)
    expect(bpftoolLines.length).toBeGreaterThan(40)
  })

  it.runIf(existsSync(vmlinuxPath))("reads the kernel's own types", () => {
    const kernel = parseBtf(readFileSync(vmlinuxPath))
    expect(findBtfType(kernel, 'struct', '__sk_buff')?.type.size).toBe(192)
    expect(findBtfType(kernel, 'enum', 'bpf_cmd')?.type.values).toContainEqual({
      name: 'BPF_PROG_LOAD',
      value: 5n,
    })
    expect(ourTypes(kernel)).toEqual(bpftoolTypes(vmlinuxPath))
  })

  it('reads signs, sizes and wide enumerators', () => {
    expect(findBtfType(btf, 'enum', 'verdict')?.type.values[1]).toEqual({ name: 'VERDICT_PASS', value: 1n })
    expect(findBtfType(btf, 'int', 'signed char')?.type).toMatchObject({
      size: 1,
      bits: 8,
      encoding: 'signed',
    })
    const grid = btf.types.findIndex((type) => type.kind === 'array' && type.length === 16)
    expect(btfSizeOf(btf, grid)).toBe(16)
  })

  it.each([
    ['nothing', () => Buffer.alloc(0), 'has no header'],
    ['another magic number', () => patched(0, 0), 'magic'],
    ['another version', () => patched(2, 9), 'version 9'],
    ['a type section that is too long', () => patched(15, 0x7f), 'type section ends'],
    ['a cut off string section', () => bytes.subarray(0, bytes.length - 1), 'string section ends'],
  ])('refuses %s', (_name, broken, message) => {
    expect(() => parseBtf(broken())).toThrow(BtfError)
    expect(() => parseBtf(broken())).toThrow(message)
  })

  it('reads or refuses mutated bytes, and refers to nothing outside', () => {
    const mutation = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }))
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const mutated = Buffer.from(bytes)
        for (const [at, byte] of mutations) mutated[at] = byte
        let parsed: Btf
        try {
          parsed = parseBtf(mutated)
        } catch (error) {
          expect(error).toBeInstanceOf(BtfError)
          return
        }
        for (let id = 0; id < parsed.types.length; id++) {
          try {
            expect(btfSizeOf(parsed, id)).toBeGreaterThanOrEqual(0)
          } catch (error) {
            expect(error).toBeInstanceOf(BtfError)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})

function patched(at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = byte
  return copy
}
