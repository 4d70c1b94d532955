import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { getJson, openK8sClient } from '@axoneme/k8s-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cniExecutable } from './commands.ts'
import { daemonStatus } from './daemon-api.ts'
import { instanceOf } from './instance.ts'
import { isAlive, signalProcess } from './processes.ts'
import { downSandbox, runningDaemon, upSandbox } from './sandbox.ts'
import { readState } from './state-file.ts'
import { remains } from './teardown.ts'

const instance = instanceOf(`test-${process.pid}`)
const nothing = { processes: [], netns: [], mounts: [], stateDir: [] }
const never = new AbortController().signal
const main = fileURLToPath(new URL('main.ts', import.meta.url))
const sandbox = (...args: string[]) =>
  spawnSync(process.execPath, [main, '--name', instance.name, ...args], { encoding: 'utf8', timeout: 60_000 })
const up = (options: { apiserver?: string } = {}) =>
  upSandbox(instance, {
    options: { nodes: 1, routing: 'native', ...options },
    onProgress: () => {},
    tied: true,
    signal: never,
  })

const canRun = process.getuid?.() === 0 && existsSync(cniExecutable)

describe.runIf(canRun || process.env.CI === 'true')('sandbox', { timeout: 180_000 }, () => {
  afterEach(() => downSandbox(instance))

  it('comes up, starts a killed agent again, and goes without a trace', async () => {
    const status = await up()
    expect(status.nodes).toMatchObject([{ name: 'node1', ready: true }])
    await expect(up()).rejects.toMatchObject({ code: 'SANDBOX_EXISTS' })

    expect(sandbox('kubectl', 'run', 'web', '--image=x', '--port=80').stderr).toBe('')
    const ready = sandbox('kubectl', 'wait', 'pod/web', '--for=condition=Ready', '--timeout=60s')
    expect(ready.stdout + ready.stderr).toContain('condition met')
    expect(sandbox('exec', 'web', '--', 'cat', '/proc/net/dev').stdout).toContain('eth0')
    expect(sandbox('exec', 'none', '--', 'true').stderr).toContain('no pod default/none')

    const agent = readState(instance.stateFile)?.children['agent-node1']
    expect(agent !== undefined && signalProcess(agent, 'SIGKILL')).toBe(true)
    await vi.waitUntil(
      async () => {
        const { children } = await daemonStatus(instance)
        return children.some(
          ({ name, restarts, pid }) => name === 'agent-node1' && restarts === 1 && pid !== undefined,
        )
      },
      { timeout: 30_000 },
    )
    expect(sandbox('down').status).toBe(0)
    expect(remains(instance)).toEqual(nothing)
    expect(sandbox('down').stderr).toContain('was not up')
    expect(sandbox('status').stderr).toContain('is not up')
  })

  it('leaves nothing behind when its daemon was killed', async () => {
    await up()
    const daemon = runningDaemon(instance)
    expect(daemon !== undefined && signalProcess(daemon, 'SIGKILL')).toBe(true)
    await vi.waitUntil(() => daemon !== undefined && !isAlive(daemon))
    expect(remains(instance)).not.toEqual(nothing)
    await downSandbox(instance)
    expect(remains(instance)).toEqual(nothing)
  })

  it('uses another apiserver through its kubeconfig', async () => {
    const other = instanceOf(`other-${process.pid}`)
    try {
      await upSandbox(other, {
        options: { nodes: 1, routing: 'native' },
        onProgress: () => {},
        tied: true,
        signal: never,
      })
      const status = await up({ apiserver: other.kubeconfig })
      expect(status.apiserver).toContain(other.kubeconfig)
      await using client = await openK8sClient({ kubeconfigPath: other.kubeconfig, userAgent: 'test' })
      expect(JSON.stringify(await getJson(client, '/api/v1/nodes/node1'))).toContain('KubeletReady')
    } finally {
      await downSandbox(other)
    }
  })

  it.each([
    { apiserver: '/nowhere', message: 'read kubeconfig /nowhere' },
    { apiserver: main, message: `read kubeconfig ${main}` },
  ])('says what is wrong with the kubeconfig $apiserver', async ({ apiserver, message }) => {
    await expect(up({ apiserver })).rejects.toThrow(message)
    expect(remains(instance)).toEqual(nothing)
  })
})
