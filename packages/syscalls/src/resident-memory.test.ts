import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { dropExecutedPages, executableMappings, trimAllocator } from './resident-memory.ts'

it('takes code of files, and nothing that may have been written', () => {
  const maps = [
    '00400000-00f29000 r--p 00000000 08:01 131 /usr/bin/node',
    '00f29000-00f2b000 r-xp 00b29000 08:01 131                        /usr/bin/node',
    '00f2b000-00f2d000 rw-p 00b2b000 08:01 131 /usr/bin/node',
    '7f0000000000-7f0000001000 r-xp 00000000 00:00 0 ',
    '7f0000001000-7f0000002000 r-xp 00000000 00:00 0 [vdso]',
    '7f0000002000-7f0000003000 rwxp 00000000 08:01 7 /lib/x.so',
    '7f0000003000-7f0000006000 r-xp 00000000 08:01 7 /lib/with space.so',
  ]
  expect(executableMappings(maps.join('\n'))).toEqual([
    { start: 0xf29000, length: 0x2000 },
    { start: 0x7f00_0000_3000, length: 0x3000 },
  ])
})

it('makes the process smaller, which goes on', () => {
  const residentFileKb = () =>
    Number(/^RssFile:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  const before = residentFileKb()
  dropExecutedPages()
  trimAllocator()
  expect(residentFileKb()).toBeLessThan(before)
  expect(JSON.parse(JSON.stringify({ goes: ['on'] }))).toEqual({ goes: ['on'] })
})
