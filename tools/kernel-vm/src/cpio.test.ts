import { expect, it } from 'vitest'
import { cpioArchive } from './cpio.ts'

const file = (path: string, text: string, mode = 0o644) => ({ path, mode, content: Buffer.from(text) })

/** Reads what cpio(5) says of "newc": an independent reading of the same page. */
function entriesOf(archive: Buffer): { name: string; mode: number; inode: number; text: string }[] {
  const entries = []
  for (let at = 0; at < archive.length; ) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701')
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16)
    const [inode, mode, size, nameSize] = [field(0), field(1), field(6), field(11)]
    const nameEnd = at + 110 + nameSize
    const contentAt = Math.ceil(nameEnd / 4) * 4
    const name = archive.toString('utf8', at + 110, nameEnd - 1)
    expect(archive[nameEnd - 1]).toBe(0)
    entries.push({ name, mode, inode, text: archive.toString('utf8', contentAt, contentAt + size) })
    at = Math.ceil((contentAt + size) / 4) * 4
  }
  return entries
}

it('holds the files, a directory before what is in it, and ends with the trailer', () => {
  const entries = entriesOf(cpioArchive([file('init', 'run', 0o755), file('a/b/c.ko', 'x'), file('a/d', '')]))
  expect(entries.map(({ name, mode, text }) => [name, mode.toString(8), text])).toEqual([
    ['a', '40755', ''],
    ['a/b', '40755', ''],
    ['init', '100755', 'run'],
    ['a/b/c.ko', '100644', 'x'],
    ['a/d', '100644', ''],
    ['TRAILER!!!', '0', ''],
  ])
  // Equal numbers would be links to one file.
  expect(new Set(entries.map(({ inode }) => inode)).size).toBe(entries.length)
})

it.each([0, 1, 2, 3, 4, 5])('ends every content of %i bytes where the next entry may begin', (length) => {
  const archive = cpioArchive([file('f', 'x'.repeat(length)), file('last', 'y')])
  expect(archive.length % 4).toBe(0)
  expect(entriesOf(archive).map(({ text }) => text)).toEqual(['x'.repeat(length), 'y', ''])
})
