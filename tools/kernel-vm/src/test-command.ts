import { join } from 'node:path'
import type { GuestCommand } from './job-script.ts'
import { guestExchangeDir } from './qemu.ts'

export const reportFile = 'vitest.json'

/** How the guest runs tests of the repository at `root`. */
export function testCommand({
  root,
  patterns,
  hasColours,
}: {
  root: string
  patterns: readonly string[]
  hasColours: boolean
}): GuestCommand {
  const node = join(root, 'node_modules/node/bin')
  return {
    args: [
      join(node, 'node'),
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      // An emulated processor is twenty times as slow, and the host may be busy.
      '--testTimeout=180000',
      '--hookTimeout=300000',
      '--teardownTimeout=60000',
      '--maxWorkers=2',
      // A worker takes seconds to start, and no test leaves anything in it.
      '--isolate=false',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${guestExchangeDir}/${reportFile}`,
      ...patterns,
    ],
    cwd: root,
    env: {
      PATH: [
        node,
        join(root, 'node_modules/.bin'),
        '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ].join(':'),
      HOME: '/root',
      LANG: 'C.UTF-8',
      CI: 'true',
      ...(hasColours ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }),
    },
  }
}
