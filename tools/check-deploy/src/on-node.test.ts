import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sampleHandlers, startTestApi } from '@axoneme/agent-api/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { inRepository } from './repository.ts'
import { readManifests } from './test-manifests.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), `axo-on-node-${process.pid}-`))
})
afterEach(() => rmSync(directory, { recursive: true }))

describe('install-cni.sh', () => {
  /** As in the image: the three files beside each other. */
  function install(executable: string): { bin: string; conf: string } {
    const [image, bin, conf] = ['image', 'bin', 'conf'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ]
    for (const path of [image, bin, conf]) mkdirSync(path, { recursive: true })
    copyFileSync(inRepository('deploy/images/install-cni.sh'), join(image, 'install-cni.sh'))
    copyFileSync(inRepository('deploy/cni/05-axoneme.conflist'), join(image, '05-axoneme.conflist'))
    writeFileSync(join(image, 'axoneme-cni'), executable)
    execFileSync(join(image, 'install-cni.sh'), [bin, conf], { stdio: ['ignore', 'ignore', 'inherit'] })
    return { bin, conf }
  }

  it('puts both files where the runtime looks, readable for it, and nothing else', () => {
    const { bin, conf } = install('#!/bin/sh\n')
    expect([...readdirSync(bin), ...readdirSync(conf)]).toEqual(['axoneme-cni', '05-axoneme.conflist'])
    expect(statSync(join(bin, 'axoneme-cni')).mode & 0o777).toBe(0o755)
    expect(statSync(join(conf, '05-axoneme.conflist')).mode & 0o777).toBe(0o644)
  })

  it('replaces a file as a whole: who has the old one open keeps it', () => {
    const { bin } = install('old')
    const old = openSync(join(bin, 'axoneme-cni'), 'r')
    writeFileSync(join(bin, '.axoneme-cni.new'), 'left by an installation that was killed')
    install('new')
    expect(readFileSync(old, 'utf8')).toBe('old')
    expect(fstatSync(old).nlink).toBe(0)
    expect(readFileSync(join(bin, 'axoneme-cni'), 'utf8')).toBe('new')
    expect(readdirSync(bin)).toEqual(['axoneme-cni'])
  })

  it('says so when it cannot', () => {
    mkdirSync(join(directory, 'bin'))
    const script = inRepository('deploy/images/install-cni.sh')
    expect(() => execFileSync(script, [join(directory, 'bin'), directory], { stdio: 'ignore' })).toThrow(
      'failed',
    )
  })
})

it('the network configuration list is one, and names the executable that is installed', () => {
  const conflist = z.strictObject({
    cniVersion: z.literal('1.1.0'),
    name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/),
    plugins: z.tuple([z.strictObject({ type: z.literal('axoneme-cni') })]),
  })
  conflist.parse(JSON.parse(readFileSync(inRepository('deploy/cni/05-axoneme.conflist'), 'utf8')))
})

describe('the readiness probe', () => {
  const agent = readManifests().workloads.find(({ metadata }) => metadata.name === 'axoneme-agent')
  const [shell, ...args] = agent?.spec.template.spec.containers[0].readinessProbe?.exec?.command ?? ['false']

  /** Whether the kubelet would call the agent ready. */
  async function probe(socketPath: string): Promise<boolean> {
    const axo = join(directory, 'axo')
    writeFileSync(
      axo,
      `#!/bin/sh\nexec '${process.execPath}' '${inRepository('apps/cli/src/main.ts')}' "$@"\n`,
    )
    chmodSync(axo, 0o755)
    const env = { PATH: `${directory}:/usr/bin:/bin`, AXO_AGENT_SOCKET: socketPath }
    try {
      await promisify(execFile)(shell, args, { env, timeout: 20_000 })
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 1) return false
      throw error
    }
  }

  it.each([true, false])('of an agent whose readiness is %s says so', async (ready) => {
    const status = () => ({ ...sampleHandlers().status(), ready, step: '', detail: '"ready": true' })
    await using api = await startTestApi(sampleHandlers({ status }))
    expect(await probe(api.socketPath)).toBe(ready)
  })

  it('of no agent fails', async () => {
    expect(await probe(join(directory, 'no.sock'))).toBe(false)
  })
})
