import { randomUUID } from 'node:crypto'
import { isAbort, Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { createInitialObjects } from './bootstrap.ts'
import { ApiError, badRequest, internalError, unauthorized, unknownPath } from './errors.ts'
import { type FaultOptions, Faults } from './faults.ts'
import { hasToken } from './http/authentication.ts'
import { Encoders } from './http/encode.ts'
import { type Exchange, type HttpRequest, type HttpResponse, sendError } from './http/exchange.ts'
import { serveMeta } from './http/meta.ts'
import { describeRequest, type Observe } from './http/observation.ts'
import { type ResourceDeps, serveResource } from './http/resources.ts'
import { pathSegments, resolveRoute } from './http/route.ts'
import { type Listen, openListener } from './listener.ts'
import { builtinResources } from './resources/builtin.ts'
import { isResourceServed, serveCustomResources } from './resources/custom.ts'
import { Registry } from './resources/registry.ts'
import { Store } from './store/store.ts'
import { customDefinitionStrategy } from './strategies/custom-definition.ts'
import { createServiceNetwork } from './strategies/service.ts'
import type { VerbContext } from './verbs/context.ts'

export type ApiServerOptions = Readonly<{
  listen: Listen
  log: Logger
  signal?: AbortSignal
  /** Required of every request when it is given. */
  token?: string
  /** How many changes of each resource can be replayed. */
  historySize?: number
  faults?: FaultOptions
  /** Service ranges; the first is the default family. */
  serviceCidrs?: readonly string[]
  /** Where pods reach this server, for the endpoints of the `kubernetes` service. */
  advertise?: { address: string; port: number }
  bookmarkIntervalMs?: number
  now?: () => number
  random?: () => number
  observe?: Observe
}>

export type ApiServer = AsyncDisposable &
  Readonly<{
    /** Of the first listener. */
    url: string
    urls: readonly string[]
    /** In-process access to the same objects, for controllers. */
    context: VerbContext
    store: Store
    faults: Faults
    /** Serves on one more socket; gives its URL. With `http2` clients must speak HTTP/2 from the first byte. */
    addListener: (listen: Listen, options?: { http2?: boolean }) => Promise<string>
  }>

/**
 * A Kubernetes API server in memory. It ends with `signal` or when it is disposed; then every connection is cut.
 * Fails with APISERVER_LISTEN when the address cannot be used, SERVICE_CIDR when a range cannot.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { now = Date.now, random = Math.random, historySize = 20_000 } = options
  const log = options.log.child('apiserver')
  const network = createServiceNetwork({ cidrs: options.serviceCidrs ?? ['10.96.0.0/16'], random })
  // Milliseconds as the first revision: a later run starts above every version that clients of an earlier one know.
  const store = new Store({ historySize, firstRevision: now() })
  const customDefinition = customDefinitionStrategy({
    isTaken: (definition) => isResourceServed(registry, definition),
  })
  const registry: Registry = new Registry(builtinResources({ service: network.strategy, customDefinition }))
  const context: VerbContext = { store, registry, now, random, newUid: randomUUID }
  const faults = new Faults(options.faults ?? {}, { now, random, compact: () => store.compact() })
  const scope = new Scope('apiserver', options.signal === undefined ? {} : { signal: options.signal })
  try {
    scope.use(faults)
    faults.cutWatchesEvery(options.faults?.watchCutIntervalMs)
    scope.use(serveCustomResources({ context, log }))
    createInitialObjects(context, { serviceAddress: network.apiServerAddress, advertise: options.advertise })
    const deps: ResourceDeps = {
      context,
      encoders: new Encoders(now),
      faults,
      watchSettings: { bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000, maxDurationMs: 30 * 60_000 },
      log,
    }
    const handle = (request: HttpRequest, response: HttpResponse) =>
      void answer(
        { deps, token: options.token, observe: options.observe, signal: scope.signal },
        request,
        response,
      )
    const urls: string[] = []
    const addListener = async (listen: Listen, { http2 = false } = {}): Promise<string> => {
      const listener = scope.use(await openListener(listen, { handle, http2, log }))
      urls.push(listener.url)
      log.info('listening', { url: listener.url })
      return listener.url
    }
    const url = await addListener(options.listen)
    scope.signal.addEventListener(
      'abort',
      () => void scope.close().catch((error) => log.error('close failed', { error })),
    )
    return { url, urls, context, store, faults, addListener, [Symbol.asyncDispose]: () => scope.close() }
  } catch (error) {
    await scope.close()
    throw error
  }
}

async function answer(
  {
    deps,
    token,
    observe,
    signal,
  }: {
    deps: ResourceDeps
    token: string | undefined
    observe: Observe | undefined
    signal: AbortSignal
  },
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const exchange = exchangeOf(request, response, observe)
  response.on('error', (error) => deps.log.debug('connection failed', { error }))
  try {
    if (token !== undefined && !hasToken(request, token)) throw unauthorized()
    const cut = await deps.faults.admit(signal)
    if (cut === 'request') {
      exchange.observe?.({ kind: 'answer', code: 'cut', bytes: 0 })
      response.destroy()
      return
    }
    const segments = pathSegments(exchange.path)
    if (segments === undefined) throw badRequest('the path is not percent-encoded UTF-8')
    if (serveMeta(deps.context.registry, exchange, segments)) return
    const route = resolveRoute(deps.context.registry, segments)
    if (route === undefined) throw unknownPath()
    await serveResource(deps, cut === 'answer' ? { ...exchange, isCut: true } : exchange, route)
  } catch (error) {
    if (error instanceof ApiError) sendError(exchange, error)
    else if (isAbort(error, signal) || isGone(error)) response.destroy()
    else {
      deps.log.error('request failed', { method: exchange.method, path: exchange.path, error })
      sendError(exchange, internalError())
    }
  }
}

/** Whether the client went away while its body was read. */
function isGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
  )
}

function exchangeOf(request: HttpRequest, response: HttpResponse, observe: Observe | undefined): Exchange {
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1))
  const exchange = { request, response, method: request.method ?? 'GET', path, query }
  if (observe === undefined) return exchange
  const about = { userAgent: request.headers['user-agent'] ?? '', ...describeRequest(exchange) }
  return { ...exchange, observe: (sent) => observe({ ...about, ...sent }) }
}
