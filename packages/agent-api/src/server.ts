import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { CodedError, describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { z } from 'zod'
import { readBody, writeList } from './body.ts'
import { CniError, cniErrorBody, cniErrorCode } from './cni/error.ts'
import { handleCni } from './cni/handle.ts'
import { newestCniVersion } from './cni/version.ts'
import { BadRequestError, NotFoundError } from './errors.ts'
import { streamEvents } from './monitor-stream.ts'
import { openApiDocument } from './openapi.ts'
import { type AgentHandlers, type Reply, type Route, routes } from './routes.ts'
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
    server.close(() => {
      clearTimeout(force)
      resolve()
    })
    server.closeIdleConnections()
  })
}

async function serve(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const startMs = performance.now()
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://agent')
  const match = matchRoute(pathname)
  const gone = new AbortController()
  response.once('close', () => {
    gone.abort(new DOMException('the client went away', 'AbortError'))
    context.observe?.({
      path: match.path,
      method: request.method ?? '',
      code: response.statusCode,
      durationMs: performance.now() - startMs,
    })
  })
  const signal = AbortSignal.any([context.signal, gone.signal])
  try {
    const method = match.path === cniPath ? 'POST' : 'GET'
    if (match.path === 'unknown') throw new NotFoundError(`route ${pathname}`)
    if (request.method !== method) {
      response.setHeader('allow', method)
      sendJson(response, 405, { code: 'METHOD', message: `${match.path} is for ${method}` })
    } else if (match.path === cniPath) await serveCni(context, { request, response, signal })
    else if (match.path === monitorPath) await serveMonitor(context, response, signal)
    else if (match.path === openApiPath) sendJson(response, 200, openApiDocument(context.version ?? '0'))
    else if (match.route !== undefined) {
      const query = Object.fromEntries(searchParams)
      const reply = await match.route.reply(context.handlers, { params: match.params, query })
      await send(response, reply, signal)
    }
  } catch (error) {
    fail(context, response, error)
  }
}

const cniPath = '/v1/cni'
const monitorPath = '/v1/monitor'
const openApiPath = '/v1/openapi'

type Match = { path: string; route?: Route; params: Readonly<Record<string, string>> }

const patterns = routes.map((route: Route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}))

function matchRoute(pathname: string): Match {
  if ([cniPath, monitorPath, openApiPath].includes(pathname)) return { path: pathname, params: {} }
  for (const { route, pattern } of patterns) {
    const groups = pattern.exec(pathname)
    if (groups !== null) return { path: route.path, route, params: decodeParams(groups.groups ?? {}) }
  }
  return { path: 'unknown', params: {} }
}

function decodeParams(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => {
      try {
        return [name, decodeURIComponent(value)]
      } catch {
        // A lone % is no escape: the text as it came names nothing, which the route then says.
        return [name, value]
      }
    }),
  )
}

async function serveCni(
  { handlers, log, cniTimeoutMs = 55_000 }: Context,
  { request, response, signal }: { request: IncomingMessage; response: ServerResponse; signal: AbortSignal },
): Promise<void> {
  const timeout = new AbortController()
  const timer = setTimeout(() => {
    timeout.abort(new CniError(cniErrorCode.tryAgainLater, `finish within ${cniTimeoutMs} ms`))
  }, cniTimeoutMs)
  try {
    const body = await readBody(request, maxBodyBytes)
    const bounded = AbortSignal.any([signal, timeout.signal])
    const reply = await handleCni(handlers.cni, { headers: request.headers, body }, bounded)
    if (reply.error !== undefined) {
      log.warn('CNI call failed', {
        command: request.headers['x-cni-command'],
        container: request.headers['x-cni-containerid'],
        error: describeError(reply.error),
      })
    }
    if (reply.body === undefined) response.writeHead(reply.httpStatus).end()
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
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders()
    await streamEvents({ subscribe: context.handlers.monitor, output: response, signal })
    response.end()
  } finally {
    context.monitors.count--
  }
}

async function send(response: ServerResponse, reply: Reply, signal: AbortSignal): Promise<void> {
  switch (reply.kind) {
    case 'json':
      sendJson(response, reply.httpStatus, reply.value)
      return
    case 'text':
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(reply.text)
      return
    case 'list':
      response.setHeader('content-type', 'application/json')
      await writeList(response, reply.rows, signal)
  }
}

function sendJson(response: ServerResponse, httpStatus: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`
  response.writeHead(httpStatus, { 'content-type': 'application/json' }).end(text)
}

function fail({ log, signal }: Context, response: ServerResponse, error: unknown): void {
  // Nobody is left to be told.
  if (response.destroyed) return
  const httpStatus = httpStatusOf(error, signal)
  if (httpStatus === 500) log.error('request failed', { error: describeError(error) })
  if (response.headersSent) {
    response.destroy()
    return
  }
  const message = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)
  const hint = error instanceof CodedError ? error.hint : undefined
  sendJson(response, httpStatus, { code: codeOf(error), message, ...(hint === undefined ? {} : { hint }) })
}

function httpStatusOf(error: unknown, signal: AbortSignal): number {
  if (error instanceof NotFoundError) return 404
  if (error instanceof BadRequestError || error instanceof z.ZodError) return 400
  return signal.aborted ? 503 : 500
}

function codeOf(error: unknown): string {
  if (error instanceof z.ZodError) return 'BAD_REQUEST'
  return error instanceof CodedError ? error.code : 'INTERNAL'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
