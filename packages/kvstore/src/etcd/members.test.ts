import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createLogger } from '@axoneme/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { follow, until } from '../testing/contract-harness.ts'
import { startEtcdCluster, type TestEtcdCluster } from '../testing/index.ts'
import { openEtcdKvstore } from './open.ts'

const log = createLogger({ sink: () => {} })
const { signal } = new AbortController()

describe('three members of etcd', () => {
  let etcd: TestEtcdCluster
  beforeAll(async () => {
    etcd = await startEtcdCluster({ size: 3, signal })
  }, 60_000)
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]()
  })

  it('serve every read while one of them is down', async () => {
    await using store = await openEtcdKvstore({ endpoints: etcd.endpoints, log, signal })
    await store.put('r/a', '1')
    const leader = await etcd.leader()
    const follower = etcd.members.find((member) => member !== leader)
    await follower?.kill()
    for (let i = 0; i < 50; i++) expect((await store.get('r/a'))?.value).toBe('1')
    await follower?.restart()
  })

  it('are known to have lost their quorum, and to have it again, without a call', async () => {
    const errors: string[] = []
    await using store = await openEtcdKvstore({
      endpoints: etcd.endpoints,
      quorumPeriod: { baseMs: 300, jitter: 0.2 },
      onQuorumError: ({ error }) => errors.push(error),
      log,
      signal,
    })
    const [first, second] = etcd.members
    await Promise.all([first?.kill(), second?.kill()])
    await until(() => errors.length > 0 && !store.status().connected, 'the loss is known')
    expect(new Set(errors)).toEqual(new Set(['KVSTORE_UNAVAILABLE']))
    await etcd.restartAll()
    await until(() => store.status().connected, 'it is over')
  }, 60_000)

  it('give a watch every change once and in order, through changes of leader and cuts', async () => {
    await using writer = await openEtcdKvstore({ endpoints: etcd.endpoints, log, signal })
    await using reader = await openEtcdKvstore({ endpoints: etcd.endpoints, log, signal, random: () => 0.05 })
    await using watch = follow(reader, 'w/')
    await until(watch.isSynced, 'synced')
    let stopped = false
    const write = async (lane: number) => {
      for (let i = 0; !stopped; i++) {
        const key = `w/${lane}-${i % 3}`
        // Whether a write happened that failed is for the store to say.
        await (i % 5 === 4 ? writer.delete(key) : writer.put(key, String(i))).catch(() => {})
      }
    }
    const writing = Promise.all([write(0), write(1), write(2)])
    for (let round = 1; round <= 2; round++) {
      await until(() => watch.events.length > 30 * round, 'changes came')
      const leader = await etcd.leader()
      await leader?.kill()
      await until(async () => (await etcd.leader()) !== undefined, 'there is another leader')
      await leader?.restart()
    }
    stopped = true
    await writing
    await until(
      () =>
        writer.put('w/last', '1').then(
          () => true,
          () => false,
        ),
      'a write works',
    )
    await until(() => watch.state.has('w/last'), 'the last change came')
    const told = watch.events.flatMap((event) => {
      if (event.kind === 'upsert')
        return [`+${event.entry.key}@${event.entry.modRevision}=${event.entry.value}`]
      return event.kind === 'delete' ? [`-${event.key}@${event.modRevision}`] : []
    })
    const history = await historyOf(etcd.endpoints, 'w/')
    expect(history.length).toBeGreaterThan(50)
    expect(told).toEqual(history)
    expect(watch.words().filter((word) => word === 'history-lost')).toEqual([])
  }, 60_000)
})

type Event = { type?: number; kv: { key: string; mod_revision: number; value?: string } }

/** Every change under `prefix` up to `<prefix>last`, by etcd's own client. */
async function historyOf(endpoints: readonly string[], prefix: string): Promise<string[]> {
  const args = ['--endpoints', endpoints[0] ?? '', 'watch', '--prefix', prefix, '--rev', '1', '-w', 'json']
  const child = spawn('etcdctl', args, {
    env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const text = (base64: string) => Buffer.from(base64, 'base64').toString()
  const history: string[] = []
  for await (const line of createInterface(child.stdout)) {
    const answer: { Events: Event[] | null } = JSON.parse(line)
    for (const { type, kv } of answer.Events ?? []) {
      const at = `${text(kv.key)}@${kv.mod_revision}`
      history.push(type === 1 ? `-${at}` : `+${at}=${text(kv.value ?? '')}`)
    }
    if (history.some((event) => event.startsWith(`+${prefix}last@`))) break
  }
  child.kill()
  await ended
  return history
}
