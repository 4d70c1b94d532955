import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openBpfKernel } from '../kernel.ts'
import { isRoot, temporaryDirectory } from '../testing.ts'
import { isBpffs, mountBpffs, unmountBpffs } from './bpffs.ts'
import { unpin } from './pin.ts'

it('knows that an ordinary directory is none', () => {
  using directory = temporaryDirectory()
  expect(isBpffs(directory.path)).toBe(false)
  expect(isBpffs(join(directory.path, 'missing'))).toBe(false)
  expect(unpin(join(directory.path, 'missing'))).toBe(false)
})

describe.runIf(isRoot)('bpffs', () => {
  it('is mounted once, makes its directory and forgets its pins when it goes', () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'made', 'bpf')
    expect(mountBpffs(path)).toBe(true)
    try {
      expect(isBpffs(path)).toBe(true)
      expect(mountBpffs(path)).toBe(false)
      using map = openBpfKernel().createMap({
        name: 'pinned',
        type: 'array',
        keySize: 4,
        valueSize: 4,
        maxEntries: 1,
        flags: 0,
      })
      map.pin(join(path, 'pinned'))
      expect(readdirSync(path)).toContain('pinned')
    } finally {
      expect(unmountBpffs(path)).toBe(true)
    }
    expect(unmountBpffs(path)).toBe(false)
    expect(isBpffs(path)).toBe(false)
    mountBpffs(path)
    expect(readdirSync(path)).not.toContain('pinned')
    unmountBpffs(path)
    expect(existsSync(path)).toBe(true)
  })

  it('is an instance of its own at every mount', () => {
    using directory = temporaryDirectory()
    const [one, two] = [join(directory.path, 'one'), join(directory.path, 'two')]
    mountBpffs(one)
    mountBpffs(two)
    try {
      using map = openBpfKernel().createMap({
        name: 'pinned',
        type: 'array',
        keySize: 4,
        valueSize: 4,
        maxEntries: 1,
        flags: 0,
      })
      map.pin(join(one, 'pinned'))
      expect(readdirSync(two)).not.toContain('pinned')
      expect(() => map.pin(join(directory.path, 'no-bpffs'))).toThrow('no-bpffs: EPERM')
    } finally {
      unmountBpffs(one)
      unmountBpffs(two)
    }
  })
})
