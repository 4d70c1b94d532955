import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { arch } from 'node:os'
import { join } from 'node:path'
import { temporaryDirectory } from './temporary.testing.ts'

/** Compiles C to a BPF object with BTF and returns its bytes. `flags` are for clang, `-DNAME` and the like. */
export function compileBpf(source: string, flags: readonly string[] = []): Buffer {
  using directory = temporaryDirectory()
  const object = join(directory.path, 'out.o')
  const include = `/usr/include/${arch() === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
  execFileSync('clang', [
    '-O2',
    '-g',
    '-target',
    'bpf',
    '-mcpu=v3',
    '-I',
    include,
    ...flags,
    '-c',
    source,
    '-o',
    object,
  ])
  return readFileSync(object)
}

/** The bytes of one section of an object, as llvm-objcopy cuts it out. */
export function dumpSection(objectPath: string, section: string): Buffer {
  using directory = temporaryDirectory()
  const out = join(directory.path, 'section')
  execFileSync('llvm-objcopy', [
    `--dump-section=${section}=${out}`,
    objectPath,
    join(directory.path, 'copy.o'),
  ])
  return readFileSync(out)
}

/** What clang needs for an assembly text that it wrote itself. */
export const assemblerArguments = ['-target', 'bpf', '-mcpu=v3'] as const

/**
 * The assembly text that clang writes as clang reads it. LLVM 14 to 19 print a move that clears the upper half as
 * `r1 = w2` and refuse it; `w1 = w2` is the same instruction.
 */
export function assemblable(text: string): string {
  return text.replace(/^(\s*)r(\d+) = w(\d+)$/gm, '$1w$2 = w$3')
}

/**
 * As compileBpf, by way of an assembly text: the only way on which absolute symbols keep more than 32 bits. LLVM 14
 * prints some 64-bit moves as if they were of 32 bits: the instructions may differ in that.
 */
export function compileBpfByText(source: string, flags: readonly string[] = []): Buffer {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'text.s')
  writeFileSync(path, assemblable(compileBpf(source, [...flags, '-S']).toString()))
  return compileBpf(path)
}
