import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetns, deleteNetns } from '@axoneme/syscalls'
import { mountBpffs, unmountBpffs } from './kernel/bpffs.ts'

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
