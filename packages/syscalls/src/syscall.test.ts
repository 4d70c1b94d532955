import { expect, it } from 'vitest'
import { syscall } from './syscall.ts'

it('returns the negated errno of a call that fails', () => {
  expect(syscall('close', -1)).toBe(-9)
})

it('lets the kernel write through a buffer', () => {
  const fd = syscall('socket', 16, 3, 0)
  const type = Buffer.alloc(4)
  const length = Buffer.from([4, 0, 0, 0])
  expect(syscall('getsockopt', fd, 1, 3, type, length)).toBe(0)
  expect(type.readInt32LE()).toBe(3)
  expect(syscall('close', fd)).toBe(0)
})
