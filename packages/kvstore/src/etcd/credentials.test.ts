import { execFileSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger, type LogEvent } from '@axoneme/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasCode } from '../errors.ts'
import { createAuthority } from '../testing/certificates.ts'
import { follow, until } from '../testing/contract-harness.ts'
import { startEtcd, startFaultProxy, type TestEtcd } from '../testing/index.ts'
import { type EtcdCredentialFiles, readCredentials } from './credential-files.ts'
import { openEtcdKvstore } from './open.ts'

const none: EtcdCredentialFiles = { caFile: '', certFile: '', keyFile: '', username: '', passwordFile: '' }
const tokenTtlS = 1
const often = { baseMs: 100, jitter: 0.2 }

describe('etcd with TLS and users', () => {
  const authority = createAuthority()
  const { caFile } = authority
  const { signal } = new AbortController()
  const file = (name: string) => join(authority.directory, name)
  const root = authority.issue('root')
  const events: LogEvent[] = []
  const log = createLogger({ sink: (event) => events.push(event) })
  let etcd: TestEtcd

  const ctl = (args: readonly string[], input = '') => {
    const tls = ['--cacert', caFile, '--cert', root.certFile, '--key', root.keyFile]
    execFileSync('etcdctl', ['--endpoints', etcd.endpoints.join(','), ...tls, ...args], {
      env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
      input,
      stdio: 'pipe',
    })
  }
  const asRoot = (args: readonly string[], input?: string) => ctl(['--user', 'root:secret', ...args], input)

  beforeAll(async () => {
    const tls = { caFile, ...authority.issue('server') }
    etcd = await startEtcd({ tls, args: ['--auth-token-ttl', String(tokenTtlS)] })
    ctl(['user', 'add', 'root:secret'])
    ctl(['user', 'grant-role', 'root', 'root'])
    for (const [name, permission] of [
      ['writer', 'readwrite'],
      ['reader', 'read'],
    ] as const) {
      ctl(['role', 'add', name])
      ctl(['role', 'grant-permission', name, permission, '--prefix=true', 'cilium/'])
      ctl(['user', 'add', `${name}:first`])
      ctl(['user', 'grant-role', name, name])
    }
    ctl(['auth', 'enable'])
  })
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]()
    authority[Symbol.dispose]()
  })

  const open = (files: Partial<EtcdCredentialFiles>, endpoints: readonly string[] = etcd.endpoints) =>
    openEtcdKvstore({
      endpoints,
      credentialFiles: { ...none, caFile, ...root, ...files },
      credentialPeriod: often,
      leaseTtlS: 3,
      log,
      signal,
    })

  it('logs in again when the token was not used for its time, for calls, leases and watches', async () => {
    writeFileSync(file('password'), 'first\n')
    await using proxy = await startFaultProxy(etcd.endpoints[0] ?? '')
    const login = { username: 'writer', passwordFile: file('password') }
    await using store = await open(login, [proxy.endpoint])
    await using watch = follow(store, 'cilium/w/')
    await until(watch.isSynced, 'synced')
    await store.put('cilium/w/a', '1', { leased: true })
    const { leaseId } = store.status()
    proxy.cut()
    await new Promise((resolve) => setTimeout(resolve, 3 * tokenTtlS * 1000))
    asRoot(['put', 'cilium/w/b', '2'])
    proxy.restore()
    await until(() => watch.state.has('cilium/w/b'), 'the watch is back')
    await new Promise((resolve) => setTimeout(resolve, 3 * tokenTtlS * 1000))
    await store.put('cilium/w/c', '3', { leased: true })
    await until(() => watch.state.has('cilium/w/c'), 'the watch goes on')
    expect(leaseId).not.toBe('')
  })

  it('waits for a file that is not there yet, and names it', async () => {
    events.length = 0
    const opening = open({ username: 'writer', passwordFile: file('later') })
    await until(
      () => events.some(({ fields }) => JSON.stringify(fields).includes(file('later'))),
      'it was named',
    )
    writeFileSync(file('later'), 'first')
    await using store = await opening
    expect(await store.get('cilium/none')).toBeUndefined()
  })

  it('takes the new password when it was rotated', async () => {
    writeFileSync(file('password'), 'first')
    await using store = await open({ username: 'reader', passwordFile: file('password') })
    asRoot(['user', 'passwd', 'reader', '--interactive=false'], 'second\n')
    const works = () =>
      store.get('cilium/a').then(
        () => true,
        () => false,
      )
    writeFileSync(file('password'), 'second')
    await until(() => events.some(({ message }) => message.startsWith('credentials changed')), 'it was read')
    await until(works, 'the new password works')
  })

  it('shows the new certificate when it was rotated, and keeps the old one while the files do not go together', async () => {
    // Without a password etcd takes the name in the certificate for the user.
    const [writer, reader] = [authority.issue('writer'), authority.issue('reader')]
    const present = { certFile: file('tls.crt'), keyFile: file('tls.key') }
    const show = ({ certFile, keyFile }: { certFile: string; keyFile: string }) => {
      copyFileSync(certFile, present.certFile)
      copyFileSync(keyFile, present.keyFile)
    }
    show(writer)
    await using store = await open(present)
    await using watch = follow(store, 'cilium/x/')
    await until(watch.isSynced, 'synced')
    await store.put('cilium/x/a', '1')
    events.length = 0
    copyFileSync(reader.certFile, present.certFile)
    await until(
      () => events.some(({ message }) => message.startsWith('credentials unusable')),
      'it was refused',
    )
    await store.put('cilium/x/b', '1')
    show(reader)
    await until(
      () =>
        store.put('cilium/x/c', '1').then(
          () => false,
          (error: unknown) => hasCode(error, 'KVSTORE_DENIED'),
        ),
      'the reader may not write',
    )
    expect((await store.get('cilium/x/b'))?.value).toBe('1')
    asRoot(['put', 'cilium/x/d', '1'])
    await until(() => watch.state.has('cilium/x/d'), 'the watch goes on')
  })
})

describe('readCredentials', () => {
  it.each([
    { files: { certFile: '/none' }, why: 'kvstore-key-file', retryable: false },
    { files: { username: 'a' }, why: 'kvstore-password-file', retryable: false },
    { files: { caFile: '/none/ca.crt' }, why: '/none/ca.crt' },
    { files: { caFile: '/dev/null' }, why: '/dev/null has 0 bytes' },
    { files: { caFile: '/etc/hostname' }, why: 'no PEM files' },
  ])('refuses $files', async ({ files, why, retryable = true }) => {
    const error = await readCredentials({ ...none, ...files }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'KVSTORE_INVALID', retryable })
    expect(JSON.stringify([error, (error as { hint?: string }).hint])).toContain(why)
  })
})
