import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createLogger, type LogEvent } from '@axoneme/log'
import { afterEach, describe, expect, it } from 'vitest'
import { hasCode } from '../errors.ts'
import { follow, stateOf, until } from '../testing/contract-harness.ts'
import { startEtcd } from '../testing/index.ts'
import type { KvStatus } from '../types.ts'
import { type EtcdKvstoreOptions, openEtcdKvstore } from './open.ts'

const opened: AsyncDisposable[] = []
const keep = <T extends AsyncDisposable>(resource: T): T => {
  opened.push(resource)
  return resource
}
afterEach(async () => {
  for (const resource of opened.splice(0).reverse()) await resource[Symbol.asyncDispose]()
})

const { signal } = new AbortController()
const quiet = createLogger({ sink: () => {} })
const open = async (options: Partial<EtcdKvstoreOptions> & Pick<EtcdKvstoreOptions, 'endpoints'>) =>
  keep(await openEtcdKvstore({ log: quiet, signal, ...options }))

/** Calls until it works: what a caller with a retry does. */
const insist = (call: () => Promise<unknown>) =>
  until(
    () =>
      call().then(
        () => true,
        () => false,
      ),
    'a call works again',
  )

describe('startEtcd', () => {
  it('runs a private etcd and leaves nothing behind', async () => {
    const etcd = await startEtcd({ signal })
    const { mode } = await stat(etcd.dataDir)
    expect(mode & 0o077).toBe(0)
    await etcd[Symbol.asyncDispose]()
    expect(existsSync(etcd.dataDir)).toBe(false)
    await expect(fetch(`${etcd.endpoints[0]}/health`)).rejects.toThrow()
  })
})

describe('openEtcdKvstore', () => {
  it('waits for an etcd that is not there yet, says so, and names the endpoints', async () => {
    const etcd = keep(await startEtcd({ signal }))
    await etcd.kill()
    const [events, statuses]: [LogEvent[], KvStatus[]] = [[], []]
    const log = createLogger({ sink: (event) => events.push(event) })
    const opening = open({ endpoints: etcd.endpoints, log, onStatus: (status) => statuses.push(status) })
    await until(() => statuses.length > 0, 'the failure was reported')
    expect(statuses[0]).toMatchObject({ backend: 'etcd', connected: false, leaseId: '' })
    expect(statuses[0]?.detail).toContain(`is etcd running and reachable at etcd ${etcd.endpoints[0]}?`)
    expect(events.map(({ level, message }) => `${level} ${message}`)).toEqual(['warn unreachable, retrying'])
    await etcd.restart()
    const store = await opening
    expect(store.status()).toMatchObject({ connected: true })
    expect(statuses.at(-1)).toMatchObject({ connected: true })
    await store.put('a', '1')
  })

  it('gives up when its signal aborts', async () => {
    const reason = new Error('no longer')
    const giveUp = new AbortController()
    const opening = open({ endpoints: ['http://127.0.0.1:1'], signal: giveUp.signal })
    setTimeout(() => giveUp.abort(reason), 300)
    await expect(opening).rejects.toBe(reason)
  })

  it.each([
    { endpoints: [] },
    { endpoints: ['127.0.0.1:2379'] },
    { endpoints: ['http://a:1', 'https://b:1'] },
    { endpoints: ['http://a:1'], leaseTtlS: 0 },
  ])('refuses $endpoints at once', async (options) => {
    await expect(open(options)).rejects.toSatisfy((error) => hasCode(error, 'KVSTORE_INVALID'))
  })

  it('passes over an endpoint that is down', async () => {
    const etcd = keep(await startEtcd({ signal }))
    const store = await open({ endpoints: ['http://127.0.0.1:1', ...etcd.endpoints] })
    let failures = 0
    for (let i = 0; i < 30; i++) await store.put(`a/${i}`, '1').catch(() => failures++)
    expect(failures).toBeLessThan(5)
  })

  it('logs in, and says when it may not', async () => {
    const etcd = keep(await startEtcd({ signal }))
    const ctl = (...args: string[]) =>
      execFileSync('etcdctl', ['--endpoints', etcd.endpoints.join(','), ...args], {
        env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
      })
    ctl('user', 'add', 'root:secret')
    ctl('user', 'grant-role', 'root', 'root')
    ctl('role', 'add', 'agent')
    ctl('role', 'grant-permission', 'agent', 'readwrite', '--prefix=true', 'cilium/')
    ctl('user', 'add', 'agent:secret')
    ctl('user', 'grant-role', 'agent', 'agent')
    ctl('auth', 'enable')
    const store = await open({ endpoints: etcd.endpoints, auth: { username: 'agent', password: 'secret' } })
    await store.put('cilium/a', '1', { leased: true })
    await expect(store.put('elsewhere', '1')).rejects.toSatisfy((error) => hasCode(error, 'KVSTORE_DENIED'))
    await using watch = follow(store, 'cilium/')
    await until(watch.isSynced, 'synced')
    // A restart forgets the tokens: a client that only watches has to log in again as well.
    await etcd.restart()
    ctl('--user', 'root:secret', 'put', 'cilium/b', '2')
    await until(() => watch.state.has('cilium/b'), 'the watch is back')
    await insist(() => store.put('cilium/c', '3', { leased: true }))
    const giveUp = new AbortController()
    const statuses: KvStatus[] = []
    const wrong = open({
      endpoints: etcd.endpoints,
      auth: { username: 'agent', password: 'wrong' },
      onStatus: (status) => statuses.push(status),
      signal: giveUp.signal,
    })
    await until(() => statuses.length > 0, 'the failure was reported')
    expect(statuses[0]?.detail).toContain('access denied')
    giveUp.abort()
    await expect(wrong).rejects.toThrow()
  })
})

describe('etcd that fails', () => {
  it('keeps lease and watch when it is killed and comes back', async () => {
    const etcd = keep(await startEtcd({ signal }))
    const store = await open({ endpoints: etcd.endpoints })
    const { leaseId } = store.status()
    await store.put('w/a', '1', { leased: true })
    await using watch = follow(store, 'w/')
    await until(watch.isSynced, 'synced')
    await etcd.kill()
    await expect(store.put('w/a', '2')).rejects.toSatisfy((error) => hasCode(error, 'KVSTORE_UNAVAILABLE'))
    expect(store.status().connected).toBe(false)
    await etcd.restart()
    await insist(() => store.put('w/b', '3', { leased: true }))
    await until(() => watch.state.has('w/b'), 'the watch is back')
    expect(watch.state).toEqual(stateOf(await store.listPrefix('w/')))
    expect(store.status()).toMatchObject({ connected: true, leaseId })
    expect(watch.words().filter((word) => word === 'synced')).toHaveLength(1)
  })

  it('lists again and takes a new lease when it comes back without its data', async () => {
    const etcd = keep(await startEtcd({ signal }))
    const store = await open({ endpoints: etcd.endpoints })
    let replaced = 0
    using _listener = store.onLeaseReplaced(() => replaced++)
    for (let i = 0; i < 20; i++) await store.put(`w/${i}`, 'old', { leased: true })
    await using watch = follow(store, 'w/')
    await until(watch.isSynced, 'synced')
    await etcd.restart({ wipe: true })
    await insist(() => store.put('w/1', 'new', { leased: true }))
    await until(() => watch.state.size === 1, 'the old keys are gone')
    expect([...watch.state]).toEqual([['w/1', 'new']])
    expect(replaced).toBe(1)
  })

  it('notices a server that hangs, and goes on when it is back', async () => {
    const etcd = keep(await startEtcd({ signal }))
    const store = await open({ endpoints: etcd.endpoints })
    await using watch = follow(store, 'w/')
    await until(watch.isSynced, 'synced')
    etcd.pause()
    await expect(store.put('w/a', '1')).rejects.toSatisfy((error) => hasCode(error, 'KVSTORE_UNAVAILABLE'))
    etcd.resume()
    await insist(() => store.put('w/b', '1'))
    await until(() => watch.state.has('w/b'), 'the watch is back')
    expect(watch.state).toEqual(stateOf(await store.listPrefix('w/')))
  }, 60_000)
})
