import { type Kvstore, openEtcdKvstore } from '@axoneme/kvstore'
import {
  createIdentityTable,
  identityPaths,
  ipPrefix,
  nodePrefix,
  startIdentityWatcher,
} from '@axoneme/kvstore-sync'
import { Scope } from '@axoneme/lifecycle'
import { createLogger, textSink } from '@axoneme/log'
import { z } from 'zod'
import { serveCommands } from '../ipc/commands.ts'
import { type ClusterShape, churnNodes } from '../model/index.ts'
import { runChurn } from './churn.ts'
import { readEtcd } from './etcd-metrics.ts'
import { fillKvstore } from './fill.ts'
import { openNodeAgents } from './node-agents.ts'
import { Operations } from './operations.ts'
import { type ChurnResult, churnSchema, type KvstoreEvents, openSchema } from './protocol.ts'

const commitsAtOnce = 8

/**
 * Everything that the hollow agents do in the kvstore, in one process in the network namespace of etcd: their entries,
 * and the allocators and shared stores of those whose pods come and go.
 */
const log = createLogger({ sink: textSink((line) => process.stderr.write(line)), level: 'warn' })
const scope = new Scope('kvstore')
const { signal } = scope
const table = createIdentityTable()
/** Events that a watcher saw after the first state, by prefix: what each agent sees, too. */
const events: KvstoreEvents = { identities: 0, ips: 0, nodes: 0 }

type Opened = { store: Kvstore; shape: ClusterShape; endpoint: string }
const opened = Promise.withResolvers<Opened>()

serveCommands({
  async open(argument) {
    const { shape, endpoint, fill } = openSchema.parse(argument)
    // What limits one agent would limit all of them here.
    const rateLimit = { perSecond: 20_000, burst: 20_000 }
    const store = scope.use(await openEtcdKvstore({ endpoints: [endpoint], rateLimit, log, signal }))
    const written = fill
      ? await fillKvstore(Array<typeof store>(commitsAtOnce).fill(store), { shape, signal })
      : 0
    scope.use(startIdentityWatcher({ store, table, log, signal }))
    await table.whenInitialized(signal)
    count(store, 'identities', identityPaths.idPrefix)
    count(store, 'ips', ipPrefix(shape.clusterName))
    count(store, 'nodes', nodePrefix(shape.clusterName))
    opened.resolve({ store, shape, endpoint })
    return written
  },
  async churn(argument) {
    const { shape, endpoint } = await opened.promise
    await using churning = new Scope('churn', { signal })
    const operations = new Operations()
    const agents = await openNodeAgents({
      ...{ nodes: churnNodes(shape), endpoint, table, shape, log, scope: churning },
      observe: (event) => operations.observe(event),
    })
    const settings = churnSchema.parse(argument)
    const result = await runChurn(settings, { shape, agents, table, signal: churning.signal })
    return { ...result, operations: operations.read() } satisfies ChurnResult
  },
  events: () => events,
  async etcd() {
    return readEtcd((await opened.promise).endpoint, signal)
  },
  /** The text at a URL that only this network namespace reaches. */
  async fetch(argument) {
    const response = await fetch(z.string().parse(argument), { signal })
    return response.text()
  },
})

function count(store: Kvstore, name: keyof typeof events, prefix: string): void {
  scope.run(async (signal) => {
    let isSynced = false
    for await (const event of store.watchPrefix(prefix, { signal })) {
      if (event.kind === 'synced') isSynced = true
      else if (isSynced) events[name]++
    }
  })
}
