import { createLogger, textSink } from '@axoneme/log'
import { startApiServer } from '@axoneme/sandbox'
import { z } from 'zod'
import { startHeartbeats } from './heartbeats.ts'
import { fillKvstore } from './kvstore-entries.ts'
import { createWorld } from './world.ts'
import { worldObjects } from './world-objects.ts'

// The cluster around the agent, as a process of its own: what it costs is then not the benchmark's. Serves the sandbox's
// apiserver with the objects of a world in it, writes what the other nodes' agents would have written into the kvstore,
// and does all nodes' heartbeats. Takes its settings as JSON, says one line when everything is there, and lives as
// long as its standard input.
const settingsSchema = z.strictObject({
  size: z.strictObject({
    nodes: z.int(),
    pods: z.int(),
    services: z.int(),
    backendsPerService: z.int(),
    identities: z.int(),
    namespaces: z.int(),
  }),
  own: z.strictObject({ name: z.string(), address: z.string() }),
  listen: z.strictObject({ host: z.string(), port: z.int() }),
  etcd: z.string(),
})

const { size, own, listen, etcd } = settingsSchema.parse(JSON.parse(process.argv[2] ?? ''))
process.stdin.on('end', () => process.exit(0)).resume()
const log = createLogger({ sink: textSink((line) => process.stderr.write(line)), level: 'warn' })
const world = createWorld(size)
const { store } = await startApiServer({
  listen,
  log,
  advertise: { address: listen.host, port: listen.port },
})
for (const { collection, object } of worldObjects(world, own)) store.collection(collection).put(object)
// Nobody watches from before: what came before is not kept.
store.compact()
await fillKvstore(world, { endpoint: etcd, log, signal: AbortSignal.timeout(300_000) })
startHeartbeats(store)
process.stdout.write('ready\n')
