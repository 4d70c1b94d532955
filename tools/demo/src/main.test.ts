import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { instanceOf, type Remains, remains } from '@axoneme/sandbox'
import { describe, expect, it, vi } from 'vitest'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const nothing: Remains = { processes: [], netns: [], mounts: [], stateDir: [] }
const canRun =
  process.getuid?.() === 0 && existsSync(new URL('../../../apps/cni/dist/axoneme-cni', import.meta.url))

describe('demo, called wrongly', () => {
  it.each([
    { args: ['--nodes', 'two'], message: "--nodes 'two'" },
    { args: ['--routing', 'bgp'], message: "--routing 'bgp'" },
    { args: ['--fast'], message: '--fast' },
    { args: ['-f', '/nowhere.yaml'], message: 'read manifest /nowhere.yaml' },
  ])('refuses $args', ({ args, message }) => {
    const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
    expect(stderr).toContain(message)
    expect(status).toBe(1)
  })
})

describe.runIf(canRun || process.env.CI === 'true')('demo', { timeout: 240_000 }, () => {
  it.each(['native', 'vxlan'])('finds that the policies hold with %s routing', async (routing) => {
    const demo = await run(['--routing', routing])
    expect(demo.output).toMatch(/\ndemo: \d{3} checks passed, 0 failed\n$/)
    expect(demo.code).toBe(0)
    expect(demo.left()).toEqual(nothing)
  })

  it('names a malformed manifest and leaves nothing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'axo-demo-'))
    try {
      const file = join(directory, 'bad.yaml')
      writeFileSync(file, 'apiVersion: v1\nkind: Pod\nmetadata: { name: UPPER }\nspec: { containers: [] }\n')
      const demo = await run(['-f', file])
      expect(demo.output).toContain('UPPER')
      expect(demo.output).toMatch(/1 failed\n$/)
      expect(demo.code).toBe(1)
      expect(demo.left()).toEqual(nothing)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('leaves nothing when it is interrupted', async () => {
    const demo = await run([], (pid) => {
      const stateDir = instanceOf(`demo-${pid}`).stateDir
      return vi
        .waitUntil(() => existsSync(join(stateDir, 'node1', 'agent.sock')), { timeout: 60_000 })
        .then(() => process.kill(pid, 'SIGINT'))
    })
    expect(demo.code).toBe(1)
    expect(demo.output).toContain('interrupted by SIGINT')
    expect(demo.left()).toEqual(nothing)
  })

  it('leaves nothing when it is killed', async () => {
    const demo = await run([], (pid) => {
      const stateDir = instanceOf(`demo-${pid}`).stateDir
      return vi
        .waitUntil(() => existsSync(join(stateDir, 'node1', 'agent.sock')), { timeout: 60_000 })
        .then(() => process.kill(pid, 'SIGKILL'))
    })
    await vi.waitUntil(() => Object.values(demo.left()).every((what) => what.length === 0), {
      timeout: 30_000,
    })
    expect(readdirSync('/run/netns').filter((name) => name.includes(`demo-${demo.pid}-`))).toEqual([])
  })
})

async function run(args: readonly string[], meanwhile: (pid: number) => Promise<unknown> = async () => {}) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk)
    })
  }
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const pid = child.pid!
  await meanwhile(pid)
  return { code: await closed, output, pid, left: () => remains(instanceOf(`demo-${pid}`)) }
}
