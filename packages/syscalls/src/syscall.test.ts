import { expect, it } from 'vitest'
import { syscall, syscallAside } from './syscall.ts'

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

it('calls beside this thread, each call with its own result', async () => {
  const fd = syscall('socket', 16, 3, 0)
  const missing = Buffer.from('/nowhere\0')
  const type = Buffer.alloc(4)
  const calls = [
    syscallAside('close', -1),
    syscallAside('umount2', missing, 0),
    syscallAside('getsockopt', fd, 1, 3, type, Buffer.from([4, 0, 0, 0])),
  ]
  expect(await Promise.all([...calls, ...calls])).toEqual([-9, -2, 0, -9, -2, 0])
  expect(type.readInt32LE()).toBe(3)
  expect(await syscallAside('close', fd)).toBe(0)
})

it('leaves this thread to others while a call waits', async () => {
  const fd = syscall('socket', 16, 3, 0)
  // An empty netlink socket: recvfrom waits until the message that this thread sends afterwards.
  const received = syscallAside('recvfrom', fd, Buffer.alloc(4096), 4096, 0)
  let ticks = 0
  while (ticks < 3) {
    await new Promise(setImmediate)
    ticks++
  }
  // RTM_GETLINK of interface 1, to the kernel.
  const request = Buffer.from('20000000120001000000000000000000' + '00000000010000000000000000000000', 'hex')
  expect(syscall('sendto', fd, request, request.length, 0, null, 0)).toBe(32)
  expect(await received).toBeGreaterThan(32)
  syscall('close', fd)
})
