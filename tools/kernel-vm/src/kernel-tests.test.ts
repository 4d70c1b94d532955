import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { kernelTests, tooLong } from './kernel-tests.ts'

const root = join(import.meta.dirname, '..', '..', '..')

it('are those that load programs, and that send packets by policies and services between pods', () => {
  const files = kernelTests(root)
  expect(files).toEqual(
    expect.arrayContaining([
      'packages/bpf-programs/src/load.test.ts',
      'packages/bpf-programs/src/policy.test.ts',
      'packages/datapath/src/attach/attacher.test.ts',
      'packages/datapath/src/local-pods.test.ts',
      'packages/datapath/src/services.test.ts',
      'packages/datapath/src/two-nodes.test.ts',
    ]),
  )
  expect(files).not.toContain('packages/netlink/src/codec.test.ts')
  expect(files.filter((file) => tooLong.includes(file))).toEqual([])
})

it.each(tooLong)('%s, which is left out, is there', (file) => expect(existsSync(join(root, file))).toBe(true))
