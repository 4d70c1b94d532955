import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { arch, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetns, deleteNetns } from '@axoneme/syscalls'
import { mountBpffs, unmountBpffs } from './kernel/bpffs.ts'

/** Tests of the kernel run as root and nowhere else. */
export const isRoot = process.getuid?.() === 0

export type TemporaryPath = Disposable & Readonly<{ path: string }>

/** A directory that goes with what is in it. */
export function temporaryDirectory(): TemporaryPath {
  const path = mkdtempSync(join(tmpdir(), `axo-bpf-${process.pid}-`))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** A bpffs of its own; its pins go with it. */
export function temporaryBpffs(): TemporaryPath {
  const directory = temporaryDirectory()
  mountBpffs(directory.path)
  return {
    path: directory.path,
    [Symbol.dispose]() {
      unmountBpffs(directory.path)
      directory[Symbol.dispose]()
    },
  }
}

/** A network namespace of its own, with nothing in it but a loopback device (index 1) that is down. */
export function temporaryNetns(): TemporaryPath {
  const directory = temporaryDirectory()
  const path = join(directory.path, 'netns')
  createNetns(path)
  return {
    path,
    [Symbol.dispose]() {
      deleteNetns(path)
      directory[Symbol.dispose]()
    },
  }
}

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
