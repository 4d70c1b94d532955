import { createLogger, textSink } from '@axoneme/log'
import { type ApiServer, startApiServer } from '@axoneme/sandbox'
import { listenTcp } from '@axoneme/syscalls'
import { serveCommands } from '../ipc/commands.ts'
import { startHeartbeats } from './heartbeats.ts'
import { loadCluster } from './load-cluster.ts'
import { faultsSchema, type ServeSettings, serveSchema } from './settings.ts'
import { createTrafficCounter } from './traffic.ts'

/** The apiserver of the simulation, with every object of the cluster in it, as a process of its own. */
type Serving = { server: ApiServer; counts: { lease: number; status: number } }

// Beside a heap of gigabytes each new pool makes the collector take a step: a few large ones instead of many small ones.
Buffer.poolSize = 4 * 1024 * 1024

const log = createLogger({ sink: textSink((line) => process.stderr.write(line)), level: 'warn' })
const traffic = createTrafficCounter()
const serving = Promise.withResolvers<Serving>()

serveCommands({
  async serve(argument) {
    const settings = serveSchema.parse(argument)
    const { server, url } = await start(settings)
    loadCluster(server.store, settings)
    const { counts } = startHeartbeats(server.store, {
      nodes: settings.shape.nodes,
      periods: settings.heartbeats,
    })
    serving.resolve({ server, counts })
    return { url }
  },
  async faults(argument) {
    const { requestsPerSecond, cutShare } = faultsSchema.parse(argument)
    const { faults } = (await serving.promise).server
    faults.setRateLimit(
      requestsPerSecond === undefined ? undefined : { requestsPerSecond, burst: requestsPerSecond },
    )
    faults.cutShare = cutShare
  },
  async traffic() {
    const { server } = await serving.promise
    return { ...traffic.read(), watches: server.faults.watchCount }
  },
  async heartbeats() {
    return (await serving.promise).counts
  },
  async resourceVersion() {
    return String((await serving.promise).server.store.revision)
  },
})

async function start({
  fabric,
  bookmarkIntervalMs,
}: ServeSettings): Promise<{ server: ApiServer; url: string }> {
  const server = await startApiServer({
    listen: { fd: listenTcp(fabric) },
    log,
    bookmarkIntervalMs,
    observe: traffic.observe,
  })
  // The agents of one process would not have enough ports, or open files, for a connection for each watch.
  const url = await server.addListener({ host: '127.0.0.1', port: 0 }, { http2: true })
  return { server, url }
}
