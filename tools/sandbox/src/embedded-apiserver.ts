import { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { listenTcp } from '@axoneme/syscalls'
import { startApiServer } from './apiserver/index.ts'
import { startControllers } from './controllers/controllers.ts'
import { fabric, type Instance } from './instance.ts'

export type EmbeddedApiserver = AsyncDisposable & {
  /** Where it listens for this machine. */
  readonly url: string
}

/** Starts the embedded apiserver and its controllers: for this machine on a free port of loopback, for the nodes in the fabric. */
export async function startEmbeddedApiserver(
  instance: Instance,
  { log }: { log: Logger },
): Promise<EmbeddedApiserver> {
  const scope = new Scope('embedded-apiserver')
  try {
    const inFabric = { address: fabric.gateway, port: fabric.apiServerPort }
    const server = scope.use(
      await startApiServer({ listen: { host: '127.0.0.1', port: 0 }, log, advertise: inFabric }),
    )
    await server.addListener({ fd: listenTcp({ netns: instance.fabricNetns, ...inFabric }) })
    scope.use(
      startControllers({ context: server.context, log: log.child('controllers'), signal: scope.signal }),
    )
    return { url: server.url, [Symbol.asyncDispose]: () => scope.close() }
  } catch (error) {
    await scope.close()
    throw error
  }
}
