import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { agentOptions } from '@axoneme/agent'
import { etcdOptions, openEtcdKvstore } from '@axoneme/kvstore'
import { createAuthority, startEtcd, type TestAuthority, type TestEtcd } from '@axoneme/kvstore/testing'
import { createLogger } from '@axoneme/log'
import { operatorOptions } from '@axoneme/operator'
import { parseOptions } from '@axoneme/options'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { inRepository } from './repository.ts'
import { readManifests } from './test-manifests.ts'

/** What deploy/README.md says: the keys of the Secret, and the options by name. */
function documented(): { keys: string[]; options: Map<string, string> } {
  const readme = readFileSync(inRepository('deploy/README.md'), 'utf8')
  const [, section = ''] = readme.split('## etcd with TLS and passwords\n')
  const blockOf = (language: string) => section.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? ''
  const { literals } = z.object({ literals: z.array(z.string()) }).parse(parse(blockOf('yaml')))
  return {
    keys: Array.from(blockOf('sh').matchAll(/--from-file=(\S+)/g), ([, key = '']) => key),
    options: new Map(
      literals.map((literal) => {
        const at = literal.indexOf('=')
        return [literal.slice(0, at), literal.slice(at + 1)]
      }),
    ),
  }
}

const { keys, options } = documented()
const { workloads } = readManifests()

describe.each([
  { name: 'axoneme-agent', declared: agentOptions, fromNode: { AXO_NODE_NAME: 'node-7' } },
  { name: 'axoneme-operator', declared: operatorOptions, fromNode: {} },
])('$name', ({ name, declared, fromNode }) => {
  const pod = workloads.find(({ metadata }) => metadata.name === name)?.spec.template.spec
  const volume = pod?.volumes.find(({ secret }) => secret !== undefined)
  const [container] = pod?.containers ?? []
  const mount = container?.volumeMounts.find((candidate) => candidate.name === volume?.name)

  it('starts without the Secret, and mounts it where no file of it is taken for an option', () => {
    expect(volume?.secret).toMatchObject({ secretName: 'axoneme-etcd', optional: true })
    // A subPath would not be renewed.
    expect(mount).toEqual({ name: volume?.name, mountPath: expect.any(String), readOnly: true })
    const directory = container?.env.find((variable) => variable.name === 'AXO_CONFIG_DIR')?.value
    expect(directory).toBeDefined()
    expect(`${mount?.mountPath}/`.startsWith(`${directory}/`)).toBe(false)
  })

  it('may read its files, which nobody else may', () => {
    const mode = volume?.secret?.defaultMode ?? 0o644
    const user = container?.securityContext?.runAsUser ?? 0
    // The kubelet makes them root's, and the fsGroup's where there is one.
    const readable = user === 0 ? 0o400 : pod?.securityContext?.fsGroup === user ? 0o040 : 0o004
    expect(mode & readable).toBe(readable)
    expect(mode & 0o007).toBe(0)
  })

  it('takes the options of the README, whose files are those of its Secret', () => {
    const files = Object.fromEntries(options)
    parseOptions(declared, { files, environment: fromNode })
    const paths = [...options].flatMap(([option, path]) => (option.endsWith('-file') ? [path] : []))
    const declaredFiles = Object.keys(declared).filter((key) => /^kvstore-.*-file$/.test(key))
    expect(paths).toHaveLength(declaredFiles.length)
    expect(paths.sort()).toEqual(keys.map((key) => `${mount?.mountPath}/${key}`).sort())
  })
})

describe('with an etcd that asks for all of it', () => {
  const user = options.get('kvstore-username') ?? ''
  let authority: TestAuthority
  let etcd: TestEtcd

  beforeAll(async () => {
    authority = createAuthority()
    etcd = await startEtcd({ tls: { caFile: authority.caFile, ...authority.issue('server') } })
    // ca.crt, tls.crt and tls.key, as the README calls them; of no user, so that the login has to say who it is.
    const { certFile, keyFile } = authority.issue('tls')
    writeFileSync(join(authority.directory, 'password'), 'correct horse\n')
    const ctl = (...args: string[]) =>
      execFileSync(
        'etcdctl',
        [
          ...['--endpoints', etcd.endpoints.join(',')],
          ...['--cacert', authority.caFile, '--cert', certFile],
          ...['--key', keyFile, ...args],
        ],
        { env: { PATH: process.env.PATH, ETCDCTL_API: '3' }, stdio: 'pipe' },
      )
    ctl('user', 'add', 'root:root')
    ctl('user', 'grant-role', 'root', 'root')
    ctl('user', 'add', `${user}:correct horse`)
    ctl('user', 'grant-role', user, 'root')
    ctl('auth', 'enable')
  })
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]()
    authority?.[Symbol.dispose]()
  })

  it('the README’s options and the Secret’s files open it', async () => {
    const files = Object.fromEntries(
      [...options].map(([option, value]) => [
        option,
        value.replace(/^\/etc\/axoneme-etcd/, authority.directory),
      ]),
    )
    const environment = { AXO_NODE_NAME: 'n', AXO_KVSTORE_ENDPOINTS: etcd.endpoints.join(',') }
    const { config } = parseOptions(agentOptions, { files, environment })
    const { signal } = new AbortController()
    const log = createLogger({ sink: () => {} })
    await using store = await openEtcdKvstore({ ...etcdOptions(config), log, signal })
    await store.put('a', '1')
    expect((await store.get('a'))?.value).toBe('1')
  })
})
