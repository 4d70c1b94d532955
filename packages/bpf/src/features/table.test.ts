import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compileBpf, temporaryDirectory } from '../testing.ts'
import { calledHelpers, code } from './insn.ts'
import { allFeatures } from './table.ts'

const sources = fileURLToPath(new URL('../../../bpf-programs/c', import.meta.url))

/** Numbers of the helpers that the C calls once it is compiled, as llvm-objdump shows them. */
function helpersOf(object: Buffer): number[] {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'object.o')
  writeFileSync(path, object)
  const text = execFileSync('llvm-objdump', ['-d', '--no-show-raw-insn', path], { encoding: 'utf8' })
  // A call of a function is `call -1` and a relocation.
  return [...text.matchAll(/\bcall (0x[0-9a-f]+|\d+)$/gm)].map(([, helper]) => Number(helper))
}

describe('the table', () => {
  it('has the helpers that the datapath calls, and no others', () => {
    const called = ['lxc', 'host', 'overlay'].flatMap((program) =>
      ['-DROUTING_TUNNEL', '-DROUTING_NATIVE'].flatMap((define) =>
        helpersOf(compileBpf(join(sources, `${program}.c`), ['-std=gnu11', define])),
      ),
    )
    const listed = allFeatures.flatMap(({ helper }) => helper ?? [])
    expect(new Set(listed)).toEqual(new Set(called))
  }, 60_000)

  it('has the map types of the datapath, and no others', () => {
    const text = globSync(join(sources, '**/*.[ch]')).map((file) => readFileSync(file, 'utf8'))
    const declared = text.flatMap((source) =>
      [...source.matchAll(/BPF_MAP_TYPE_(\w+)/g)].map(([, type]) => type?.toLowerCase()),
    )
    expect(declared.length).toBeGreaterThan(5)
    expect(new Set(allFeatures.flatMap(({ mapType }) => mapType ?? []))).toEqual(new Set(declared))
  })

  it('names each feature once, and the version that has it', () => {
    const names = allFeatures.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { since } of allFeatures) expect(since).toMatch(/^\d+\.\d+(\.\d+)?$/)
  })
})

describe('calledHelpers', () => {
  it.each([
    { program: [code.mov(0, 0), code.exit()], helpers: [] },
    { program: [code.callHelper(5), code.callHelper(155), code.callHelper(5)], helpers: [5, 155] },
    { program: [code.callFunction(1), code.exit(), code.callHelper(1)], helpers: [1] },
    // The second half of a 64-bit constant can look like a call.
    {
      program: [Buffer.from('1800000000000000', 'hex'), code.callHelper(7), code.callHelper(9)],
      helpers: [9],
    },
    { program: [Buffer.from('85000000', 'hex')], helpers: [] },
  ])('$helpers', ({ program, helpers }) => {
    expect(calledHelpers(Buffer.concat(program))).toEqual(helpers)
  })
})
