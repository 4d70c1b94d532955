import { createLogger, textSink } from '@axoneme/log'
import { startApiServer } from '@axoneme/sandbox'
import { startHeartbeats } from '@axoneme/scale-sim'
import { modernHeartbeats } from '@axoneme/scale-sim/model'
import { z } from 'zod'
import { fillApiserver } from './apiserver-objects.ts'
import { writeOtherNodes } from './kvstore-entries.ts'

// The cluster around the agent, as a process of its own: what it costs is then not the benchmark's. Serves the sandbox's
// apiserver with the objects of the model in it, writes what the other nodes' agents would have written into the kvstore,
// and does all nodes' heartbeats. Takes its settings as JSON, says one line when everything is there, and lives as
// long as its standard input.
const settingsSchema = z.strictObject({
  shape: z.strictObject({
    nodes: z.int(),
    pods: z.int(),
    services: z.int(),
    namespaces: z.int(),
    apps: z.int(),
    clusterName: z.string(),
  }),
  own: z.strictObject({ name: z.string(), address: z.string(), podCidr: z.string() }),
  listen: z.strictObject({ host: z.string(), port: z.int() }),
  etcd: z.string(),
})

const { shape, own, listen, etcd } = settingsSchema.parse(JSON.parse(process.argv[2] ?? ''))
process.stdin.on('end', () => process.exit(0)).resume()
const log = createLogger({ sink: textSink((line) => process.stderr.write(line)), level: 'warn' })
const { store } = await startApiServer({
  listen,
  log,
  advertise: { address: listen.host, port: listen.port },
})
fillApiserver(store, { shape, own })
await writeOtherNodes(shape, { endpoint: etcd, log, signal: AbortSignal.timeout(300_000) })
startHeartbeats(store, { nodes: shape.nodes, periods: modernHeartbeats })
process.stdout.write('ready\n')
