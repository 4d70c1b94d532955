import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCPeer } from './c-peer.ts'

let workDir: string
beforeAll(() => {
  workDir = mkdtempSync(join(tmpdir(), `axo-bench-test-${process.pid}-`))
})
afterAll(() => rmSync(workDir, { recursive: true }))

const { signal } = new AbortController()

describe('a C peer', () => {
  it('that cannot be built is named, with the way out', async () => {
    await expect(startCPeer('no-such-peer', { args: [], workDir, signal })).rejects.toThrow(
      expect.objectContaining({ code: 'BENCH', hint: 'it needs clang and libbpf-dev' }),
    )
  })

  it('that ends is an error with its last words', async () => {
    await using peer = await startCPeer('map-loop', { args: ['0'], workDir, signal })
    const error = await peer.ask('update').then(
      () => undefined,
      (cause: unknown) => cause,
    )
    expect(error).toMatchObject({
      message: 'the peer map-loop ended (code 2)',
      cause: { message: 'usage: map-loop ENTRIES' },
    })
  })
})

describe.runIf(process.getuid?.() === 0)('map-loop', () => {
  it('answers each command with a time', async () => {
    await using peer = await startCPeer('map-loop', { args: ['8'], workDir, signal })
    for (const command of ['update', 'update-batch', 'lookup']) {
      expect(Number(await peer.ask(command))).toBeGreaterThan(0)
    }
    await expect(peer.ask('dance')).rejects.toThrow('the peer map-loop ended (code 2)')
  })
})
