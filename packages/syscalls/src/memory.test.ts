import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { SyscallError } from './errors.ts'
import { mapSharedMemory, pageBytes } from './memory.ts'

it('shares a file with its readers until it is unmapped', () => {
  const directory = mkdtempSync(join(tmpdir(), `memory-test-${process.pid}-`))
  const path = join(directory, 'page')
  writeFileSync(path, Buffer.alloc(2 * pageBytes, 7))
  const fd = openSync(path, 'r+')
  try {
    const memory = mapSharedMemory({ fd, length: pageBytes, offset: pageBytes, writable: true })
    const view = new Uint8Array(memory.bytes)
    expect(view[0]).toBe(7)
    view[0] = 42
    expect(readFileSync(path)[pageBytes]).toBe(42)
    memory[Symbol.dispose]()
    memory[Symbol.dispose]()
    expect(view).toHaveLength(0)
    expect(memory.bytes.byteLength).toBe(0)
  } finally {
    closeSync(fd)
    rmSync(directory, { recursive: true })
  }
})

it('says which descriptor cannot be mapped', () => {
  expect(() => mapSharedMemory({ fd: -1, length: pageBytes, offset: 0, writable: false })).toThrow(
    expect.objectContaining({ code: 'EBADF', message: 'mmap fd -1: EBADF' }) as SyscallError,
  )
})
