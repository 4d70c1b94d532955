import { expect, it } from 'vitest'
import { qemuArguments } from './qemu.ts'

const parts = {
  kernel: '/boot/vmlinuz',
  initramfs: '/tmp/initramfs',
  outputSocket: '/tmp/a,b/output',
  exchangeDir: '/tmp/c,d',
  memoryMiB: 2048,
}

it('emulates in software, shares the host read-only, and gives the guest no network', () => {
  const args = qemuArguments(parts)
  const after = (option: string) => args.flatMap((arg, index) => (arg === option ? [args[index + 1]] : []))
  expect(after('-accel')).toEqual([expect.stringMatching(/^tcg,thread=multi/)])
  expect(after('-m')).toEqual(['2048M'])
  expect(args).toContain('-nodefaults')
  expect(args.filter((arg) => /^-(nic|netdev|net)$|virtio-net/.test(arg))).toEqual([])
  const [host, exchange] = after('-virtfs')
  expect(host).toBe('local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap')
  expect(exchange).toBe('local,path=/tmp/c,,d,mount_tag=exchange,security_model=none')
  expect(after('-chardev')).toContain('socket,id=output,path=/tmp/a,,b/output')
  expect(after('-append')[0]?.split(' ')).toEqual(expect.arrayContaining(['panic=-1', 'console=ttyS0']))
})
