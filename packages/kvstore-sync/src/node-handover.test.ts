import type { NodeRow } from '@axoneme/ipcache'
import { createEmbeddedStore, type EmbeddedStore, type Kvstore } from '@axoneme/kvstore'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNodeRowTable, nodeEntryOf, startNodeWatcher } from './node-entries.ts'
import {
  correctionFor,
  createKnownNodeTable,
  createStoredNodeTable,
  type NodeCorrection,
  startNodeHandover,
  startStoredNodeWatcher,
} from './node-handover.ts'
import { nodePrefix } from './paths.ts'
import { createSharedStore } from './shared-store.ts'
import { TestCluster, until } from './testing/cluster.ts'

const node = (name: string, internalIp = '10.1.0.1'): NodeRow => ({
  name,
  cluster: 'default',
  internalIp,
  routerIp: '10.4.0.1',
  podCidrs: ['10.4.0.0/24'],
  encryptKey: 0,
  labels: {},
})
const operatorEntry = (row: NodeRow) => nodeEntryOf(row, 'custom-resource').value
const key = (name: string) => nodePrefix('default') + name

describe('who writes what', () => {
  const ours = { name: 'a', value: 'old', modRevision: 7, owner: 'operator' } as const
  const agents = { ...ours, owner: 'somebody else' } as const
  const known = { name: 'a', entry: 'new' }
  it.each([
    { name: 'a node without an entry', known, stored: undefined, want: { kind: 'create', value: 'new' } },
    {
      name: 'an entry that changed',
      known,
      stored: ours,
      want: { kind: 'replace', modRevision: 7, value: 'new' },
    },
    { name: 'an entry that is right', known: { name: 'a', entry: 'old' }, stored: ours, want: undefined },
    { name: 'an agent that publishes', known, stored: agents, want: undefined },
    { name: 'a node that is gone', known: undefined, stored: ours, want: { kind: 'delete', modRevision: 7 } },
    { name: 'a node that is gone before its agent', known: undefined, stored: agents, want: undefined },
    {
      name: 'a node of which too little is known',
      known: { name: 'a', entry: undefined },
      stored: ours,
      want: undefined,
    },
    {
      name: 'a new node of which too little is known',
      known: { name: 'a', entry: undefined },
      stored: undefined,
      want: undefined,
    },
  ])('$name', ({ known, stored, want }) => {
    const correction = correctionFor('a', { known, stored })
    expect(correction).toEqual(want === undefined ? undefined : { name: 'a', ...want })
  })
})

describe('the hand-over', () => {
  let cluster: TestCluster
  let data: EmbeddedStore
  let store: Kvstore
  let written: NodeCorrection[]
  beforeEach(async () => {
    cluster = new TestCluster()
    data = createEmbeddedStore()
    store = await cluster.openEmbedded(data)
    written = []
  })
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]()
    expect(cluster.problems()).toEqual([])
  })

  function start(known = createKnownNodeTable()) {
    const { log, signal } = cluster
    const stored = createStoredNodeTable()
    const common = { store, cluster: 'default', log, signal }
    cluster.keep(startStoredNodeWatcher({ ...common, table: stored }))
    const { reconciler } = startNodeHandover({ ...common, known, stored, onWrite: (it) => written.push(it) })
    cluster.keep(reconciler)
    return { known, stored, reconciler }
  }
  const values = async () =>
    Object.fromEntries(
      (await store.listPrefix(nodePrefix('default'))).map(({ key: full, value }) => [
        full.slice(nodePrefix('default').length),
        value,
      ]),
    )

  it('writes once, sweeps what is stale after its sync and not before, and leaves agents’ entries alone', async () => {
    const agents = nodeEntryOf(node('alive')).value
    await store.put(key('stale'), operatorEntry(node('stale')))
    await store.put(key('same'), operatorEntry(node('same')))
    await store.put(key('alive'), agents, { leased: true })
    await store.put(key('strange'), 'not JSON')
    const { known, stored, reconciler } = start()
    await stored.whenInitialized(cluster.signal)
    known.upsert({ name: 'same', entry: operatorEntry(node('same')) })
    known.upsert({ name: 'alive', entry: operatorEntry(node('alive')) })
    known.upsert({ name: 'new', entry: operatorEntry(node('new')) })
    await reconciler.settled()
    expect(written).toEqual([])
    known.markInitialized()
    await until(() => written.length >= 2)
    expect(written.map(({ name, kind }) => `${kind} ${name}`).sort()).toEqual(['create new', 'delete stale'])
    const after = await values()
    expect(Object.keys(after).sort()).toEqual(['alive', 'new', 'same', 'strange'])
    expect(after.alive).toBe(agents)
  })

  it('a node whose agent is away keeps its routes, and its agent takes the entry back', async () => {
    const agentStore = await cluster.openEmbedded(data)
    const { log, signal } = cluster
    const peer = createNodeRowTable()
    cluster.keep(startNodeWatcher({ store, table: peer, cluster: 'default', log, signal }))
    const publish = (from: Kvstore) => {
      const own = cluster.keep(createSharedStore({ store: from, prefix: nodePrefix('default'), log, signal }))
      own.set('a', nodeEntryOf(node('a')).value)
      return own
    }
    const own = publish(agentStore)
    await own.settled()
    const { known, reconciler } = start()
    known.upsert({ name: 'a', entry: operatorEntry(node('a')) })
    known.markInitialized()
    await until(() => peer.has('a'))
    // Its lease runs out.
    await own[Symbol.asyncDispose]()
    await store.delete(key('a'))
    await until(() => written.length === 1)
    await until(() => peer.has('a'))
    expect(await values()).toEqual({ a: operatorEntry(node('a')) })
    await publish(await cluster.openEmbedded(data)).settled()
    await until(async () => (await values()).a === nodeEntryOf(node('a')).value)
    known.upsert({ name: 'a', entry: operatorEntry(node('a', '10.1.0.9')) })
    await new Promise(setImmediate)
    await reconciler.settled()
    expect(written).toHaveLength(1)
    expect(peer.get('a')).toMatchObject({ internalIp: '10.1.0.1' })
  })

  it('does not write over what a later leader wrote and this one has not seen yet', async () => {
    const later = operatorEntry(node('a', '10.1.0.2'))
    await store.put(key('a'), operatorEntry(node('a')))
    const seen = await store.get(key('a'))
    await store.put(key('a'), later)
    const { log, signal } = cluster
    const [known, stored] = [createKnownNodeTable(), createStoredNodeTable()]
    stored.upsert({ name: 'a', value: 'old', modRevision: seen?.modRevision ?? 0, owner: 'operator' })
    known.upsert({ name: 'a', entry: operatorEntry(node('a', '10.1.0.3')) })
    for (const table of [known, stored]) table.markInitialized()
    const { reconciler } = startNodeHandover({ store, cluster: 'default', known, stored, log, signal })
    cluster.keep(reconciler)
    await until(() => reconciler.status.get('a')?.state === 'error')
    expect(await values()).toEqual({ a: later })
    expect(reconciler.status.get('a')?.error).toMatchObject({ code: 'NODE_HANDOVER_CONFLICT' })
  })

  it('writes again what somebody removed before anybody saw it', async () => {
    const [known, stored] = [createKnownNodeTable(), createStoredNodeTable()]
    stored.markInitialized()
    known.upsert({ name: 'a', entry: operatorEntry(node('a')) })
    known.markInitialized()
    let commits = 0
    // The table hears of neither write: as when both changes come at once.
    const undone: Pick<Kvstore, 'commit'> = {
      async commit(commit) {
        const done = await store.commit(commit)
        if (++commits === 1) await store.delete(key('a'))
        return done
      },
    }
    const { log, signal } = cluster
    const { reconciler } = startNodeHandover({
      store: undone,
      cluster: 'default',
      known,
      stored,
      log,
      signal,
    })
    cluster.keep(reconciler)
    await until(async () => (await values()).a !== undefined)
    expect(commits).toBe(2)
  })

  it('ends with what Kubernetes knows, whatever happened to the store', async () => {
    const names = ['a', 'b', 'c', 'd']
    const event = fc.record({
      name: fc.constantFrom(...names),
      kind: fc.constantFrom('known', 'unclear', 'gone', 'erased', 'overwritten'),
      ip: fc.constantFrom('10.1.0.1', '10.1.0.2', '10.1.0.3'),
    })
    const { known } = start()
    known.markInitialized()
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
        for (const { name, kind, ip } of events) {
          if (kind === 'known') known.upsert({ name, entry: operatorEntry(node(name, ip)) })
          else if (kind === 'unclear') known.upsert({ name, entry: undefined })
          else if (kind === 'gone') known.delete(name)
          else if (kind === 'erased') await store.delete(key(name))
          else await store.put(key(name), operatorEntry(node(name, ip)))
        }
        const isRight = async () => {
          const have = await values()
          return names.every((name) => {
            const row = known.get(name)
            return row === undefined ? !(name in have) : row.entry === undefined || have[name] === row.entry
          })
        }
        await until(isRight)
      }),
      { numRuns: 30 },
    )
  })
})
