import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNetns, deleteNetns, netnsInode, openNetns, withNetns } from './namespaces.ts'

const openDescriptors = () => readdirSync('/proc/self/fd').length

describe.runIf(process.getuid?.() === 0)('network namespaces', () => {
  let directory: string
  let path: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'axo-netns-'))
    path = join(directory, 'sub', 'pod')
    createNetns(path)
  })
  afterEach(() => {
    deleteNetns(path)
    rmSync(directory, { recursive: true })
  })

  it('runs in the namespace and comes back', () => {
    const own = netnsInode()
    expect(netnsInode(path)).not.toBe(own)
    expect(withNetns(path, () => netnsInode())).toBe(netnsInode(path))
    expect(netnsInode()).toBe(own)
  })

  it('comes back when the function throws, and nests', () => {
    const own = netnsInode()
    const home = openNetns()
    const fail = () =>
      withNetns(path, () => {
        expect(withNetns(home, () => netnsInode())).toBe(own)
        expect(netnsInode()).toBe(netnsInode(path))
        throw new RangeError('inside')
      })
    expect(fail).toThrow(RangeError)
    expect(netnsInode()).toBe(own)
    closeSync(home)
  })

  it('refuses asynchronous functions, back in its own namespace', () => {
    const own = netnsInode()
    expect(() => withNetns(path, async () => {})).toThrow(TypeError)
    expect(netnsInode()).toBe(own)
  })

  it('takes a descriptor, leaves it open, and leaks none', () => {
    const fd = openNetns(path)
    const before = openDescriptors()
    expect(withNetns(fd, () => netnsInode())).toBe(netnsInode(fd))
    for (let i = 0; i < 20; i++) withNetns(path, () => {})
    expect(openDescriptors()).toBe(before)
    closeSync(fd)
  })

  it('starts children inside', () => {
    const links = withNetns(path, () => execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }))
    expect(links.trim().split('\n')).toHaveLength(1)
  })

  it('does not make one over a file that exists', () => {
    expect(() => createNetns(path)).toThrow(/EEXIST/)
    expect(netnsInode(path)).not.toBe(netnsInode())
  })

  it('deletes twice', () => {
    deleteNetns(path)
    expect(existsSync(path)).toBe(false)
    deleteNetns(path)
  })

  it('deletes what an interrupted creation left', () => {
    const unmounted = join(directory, 'unmounted')
    writeFileSync(unmounted, '')
    deleteNetns(unmounted)
    expect(existsSync(unmounted)).toBe(false)
  })
})

describe('what is no namespace', () => {
  const directory = mkdtempSync(join(tmpdir(), 'axo-netns-'))
  const fifo = join(directory, 'fifo')
  execFileSync('mkfifo', [fifo])
  afterAll(() => rmSync(directory, { recursive: true }))

  it.each([
    ['/etc/hostname', 'NOT_A_NETNS'],
    [fifo, 'NOT_A_NETNS'],
    ['/dev/null', 'NOT_A_NETNS'],
    ['/nonexistent/pod', 'ENOENT'],
  ])('%s is %s', (path, code) => {
    const before = openDescriptors()
    expect(() => withNetns(path, () => {})).toThrow(expect.objectContaining({ code }))
    expect(openDescriptors()).toBe(before)
  })

  it.runIf(process.getuid?.() === 0)('refuses a namespace of another kind', () => {
    expect(() => withNetns('/proc/self/ns/uts', () => {})).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    )
  })
})
