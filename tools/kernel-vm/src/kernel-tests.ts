import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Whose tests ask the kernel something: from the system calls up to pods that talk to each other. */
const kernelPackages = ['syscalls', 'netlink', 'bpf', 'bpf-templater', 'bpf-programs', 'datapath']

/** Tests that say nothing about a kernel that the others do not, and take minutes of an emulated processor. */
export const tooLong: readonly string[] = [
  // They run the compiler for each of many objects.
  'packages/bpf-programs/src/absolute-object.test.ts',
  'packages/bpf-programs/src/layouts.test.ts',
  'packages/bpf-programs/src/template-cache.test.ts',
  // A thousand swaps under load.
  'packages/datapath/src/swap-under-load.test.ts',
]

/** Paths, relative to `root`, of the tests that are about the kernel: those of `kernelPackages` that need root. */
export function kernelTests(root: string): string[] {
  const files = kernelPackages.flatMap((name) => globSync(`packages/${name}/src/**/*.test.ts`, { cwd: root }))
  return files
    .filter((file) => !tooLong.includes(file))
    .filter((file) => /\bisRoot\b|\bgetuid\b/.test(readFileSync(join(root, file), 'utf8')))
    .sort()
}
