import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { readBody } from './body.ts'
import { CniError, cniErrorBody, cniErrorCode } from './cni/error.ts'
import { handleCni } from './cni/handle.ts'
import { type Enter, limitedHandlers } from './cni/limited.ts'
import { newestCniVersion } from './cni/version.ts'
import { BadRequestError, NotFoundError } from './errors.ts'
import type { ApiLimiter } from './limits/api-limiter.ts'
import { clientClosedRequest, type Place } from './limits/call-limiter.ts'
import { streamEvents } from './monitor-stream.ts'
import { openApiDocument } from './openapi.ts'
import { send, sendFailure, sendJson } from './respond.ts'
import { cniPath, matchRoute, monitorPath, openApiPath } from './router.ts'
import type { AgentHandlers } from './routes.ts'
import { listenOnSocket } from './socket-file.ts'

export type AgentApiEvent = Readonly<{
  /** The route, not the request's own path: `/v1/endpoint/{id}`; `unknown` for none. */
  path: string
  method: string
  code: number
  durationMs: number
}>

export type AgentApiOptions = Readonly<{
  socketPath: string
  handlers: AgentHandlers
  log: Logger
  signal: AbortSignal
  /** For the OpenAPI document. */
  version?: string
  observe?: (event: AgentApiEvent) => void
  /** Who waits for its turn, and how long; without it nobody does. */
  limiter?: ApiLimiter
  /** How long a CNI call may take before its signal aborts. Below the time limit of the executable, 60 s. */
  cniTimeoutMs?: number
}>

export type AgentApi = AsyncDisposable & { readonly socketPath: string }

const maxBodyBytes = 1 << 20
const maxHeaderBytes = 64 * 1024
const maxConnections = 512
const maxMonitorClients = 16
/** How long requests that were told to stop may take to do so. */
const drainMs = 2_000

/** Serves the API until it is disposed or the signal aborts: then running requests are aborted and waited for. */
export async function startAgentApi(options: AgentApiOptions): Promise<AgentApi> {
  const stop = new AbortController()
  const context: Context = {
    ...options,
    signal: AbortSignal.any([options.signal, stop.signal]),
    monitors: { count: 0 },
  }
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
    },
    (request, response) => void serve(context, request, response),
  )
  server.maxConnections = maxConnections
  await listenOnSocket(server, options.socketPath)
  options.log.info('agent API listens', { socket: options.socketPath })

  let closed: Promise<void> | undefined
  const close = () => {
    stop.abort(new DOMException('the agent stops', 'AbortError'))
    closed ??= closeServer(server)
    return closed
  }
  options.signal.addEventListener('abort', () => void close(), { once: true })
  if (options.signal.aborted) await close()
  return { socketPath: options.socketPath, [Symbol.asyncDispose]: close }
}

type Context = AgentApiOptions & { monitors: { count: number } }

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), drainMs)
    // A kept-alive connection is idle only once its last request was answered.
    const sweep = setInterval(() => server.closeIdleConnections(), 20)
    server.close(() => {
      clearTimeout(force)
      clearInterval(sweep)
      resolve()
    })
    server.closeIdleConnections()
  })
}

async function serve(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const startMs = performance.now()
  const url = URL.parse(request.url ?? '/', 'http://agent')
  const match = matchRoute(url?.pathname ?? '')
  // Nobody is told anything when the client went away before.
  const codeSent = () => (response.headersSent ? response.statusCode : clientClosedRequest)
  const gone = new AbortController()
  response.once('close', () => {
    gone.abort(new DOMException('the client went away', 'AbortError'))
    context.observe?.({
      path: match.path,
      method: request.method ?? '',
      code: codeSent(),
      durationMs: performance.now() - startMs,
    })
  })
  // The client went away: `close` tells everybody who works for it.
  response.on('error', (error) => context.log.debug('answer not delivered', { path: match.path, error }))
  const signal = AbortSignal.any([context.signal, gone.signal])
  let place: Place | undefined
  const enter: Enter = async (call, until) => {
    place = await context.limiter?.enter(call, until)
  }
  try {
    const method = match.path === cniPath ? 'POST' : 'GET'
    if (match.path === 'unknown') throw new NotFoundError(`route ${url?.pathname ?? request.url}`)
    if (request.method !== method) {
      response.setHeader('allow', method)
      sendJson(response, 405, { code: 'METHOD', message: `${match.path} is for ${method}` })
    } else if (match.path === cniPath) await serveCni(context, { request, response, signal, enter })
    else if (match.path === monitorPath) await serveMonitor(context, response, signal)
    else if (match.path === openApiPath) sendJson(response, 200, openApiDocument(context.version ?? '0'))
    else if (match.route !== undefined) {
      if (match.route.limit !== undefined) await enter(match.route.limit, signal)
      const query = Object.fromEntries(url?.searchParams ?? [])
      const reply = await match.route.reply(context.handlers, { params: match.params, query, signal })
      await send(response, reply, signal)
    }
  } catch (error) {
    sendFailure(response, error, context)
  } finally {
    place?.leave(codeSent())
  }
}

async function serveCni(
  { handlers, log, cniTimeoutMs = 55_000 }: Context,
  {
    request,
    response,
    signal,
    enter,
  }: { request: IncomingMessage; response: ServerResponse; signal: AbortSignal; enter: Enter },
): Promise<void> {
  const timeout = new AbortController()
  const timer = setTimeout(() => {
    timeout.abort(new CniError(cniErrorCode.tryAgainLater, `finish within ${cniTimeoutMs} ms`))
  }, cniTimeoutMs)
  try {
    const body = await readBody(request, maxBodyBytes)
    const bounded = AbortSignal.any([signal, timeout.signal])
    const limited = limitedHandlers(handlers.cni, enter)
    const reply = await handleCni(limited, { headers: request.headers, body }, bounded)
    if (reply.error !== undefined) {
      log.warn('CNI call failed', {
        command: request.headers['x-cni-command'],
        container: request.headers['x-cni-containerid'],
        error: describeError(reply.error),
      })
    }
    if (reply.body === undefined) response.writeHead(reply.httpStatus, { 'content-length': 0 }).end()
    else sendJson(response, reply.httpStatus, reply.body)
  } catch (error) {
    if (!(error instanceof BadRequestError)) throw error
    // The rest of the body is not read: the connection cannot be used again.
    response.setHeader('connection', 'close')
    const refusal = new CniError(cniErrorCode.io, 'read the network configuration', { cause: error })
    sendJson(response, 413, cniErrorBody(refusal, newestCniVersion))
  } finally {
    clearTimeout(timer)
  }
}

async function serveMonitor(context: Context, response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (context.monitors.count >= maxMonitorClients) {
    const message = `${maxMonitorClients} monitors are connected already`
    sendJson(response, 503, { code: 'TOO_MANY_MONITORS', message })
    return
  }
  context.monitors.count++
  try {
    const subscribe: AgentHandlers['monitor'] = (listener) => {
      const subscription = context.handlers.monitor(listener)
      // From here on it works: a monitor that is not ready has thrown.
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders()
      return subscription
    }
    await streamEvents({ subscribe, output: response, signal })
    response.end()
  } finally {
    context.monitors.count--
  }
}
