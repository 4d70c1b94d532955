import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryBpffs, temporaryDirectory } from './temporary.testing.ts'

/** All programs of an object as libbpf loaded them, until it is disposed. */
export type BpftoolObject = Disposable &
  Readonly<{
    /** The kernel's tag of the program: equal tags are equal instructions, whatever maps they use. */
    tag(program: string): string
    /** Its instructions behind the verifier, with zeros where the numbers of maps are. */
    translated(program: string): Buffer
  }>

/** Loads an object's TC programs. It must have no constants left; maps that it would pin go to the kernel's bpffs. */
export function loadByBpftool(objectPath: string): BpftoolObject {
  const bpffs = temporaryBpffs()
  const pins = join(bpffs.path, 'object')
  const dispose = () => bpffs[Symbol.dispose]()
  try {
    // libbpf 1.1 does not know every section's name: the type is given, for all of them.
    execFileSync('bpftool', ['prog', 'loadall', objectPath, pins, 'type', 'classifier'], { stdio: 'pipe' })
  } catch (error) {
    dispose()
    throw error
  }
  return {
    tag: (program) => bpftool('prog', 'show', 'pinned', join(pins, program)).tag,
    translated: (program) => translatedInstructions('pinned', join(pins, program)),
    [Symbol.dispose]: dispose,
  }
}

/** A loaded program's instructions behind the verifier, with zeros where the numbers of maps are. */
export function translatedInstructions(by: 'id' | 'pinned', program: string): Buffer {
  using directory = temporaryDirectory()
  const file = join(directory.path, 'instructions')
  execFileSync('bpftool', ['prog', 'dump', 'xlated', by, program, 'file', file], { stdio: 'pipe' })
  const bytes = readFileSync(file)
  for (let at = 0; at < bytes.length; at += 8) {
    const isLoadOfMap = bytes[at] === 0x18 && (bytes[at + 1]! & 0xf0) !== 0
    if (isLoadOfMap) bytes.fill(0, at + 4, at + 8)
  }
  return bytes
}

/** What bpftool prints as JSON. */
export function bpftool(...args: string[]) {
  return JSON.parse(execFileSync('bpftool', ['-j', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 }))
}
