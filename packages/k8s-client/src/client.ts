import { CodedError } from '@axoneme/lifecycle'
import type { Answer, BodyReader } from './answer.ts'
import { type Connection, type ConnectionSource, cachedSource, haveSameCredentials } from './connection.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { K8sApiError } from './errors.ts'
import { type Call, refusedError, unansweredError } from './failure.ts'
import { createHttp2Transport } from './http2-transport.ts'
import { inClusterLoader } from './in-cluster.ts'
import { kubeconfigLoader } from './kubeconfig.ts'
import { requestInfoOf } from './request-info.ts'
import { openSocketStream } from './socket-stream.ts'
import { createTransport, type Transport } from './transport.ts'
import type { K8sClient, K8sClientOptions, K8sRequest, K8sResponse, K8sStream } from './types.ts'

/** How much of a refusal is read: a Status is small. */
const maxErrorBytes = 64 * 1024

/**
 * Reads the configuration once, so that a mistake in it is known now; nothing is sent. Credentials are read again
 * as requests are made: tokens and certificates rotate, also under a running client. A request that the server answers
 * with 401 is made once more when what is read then is something else.
 */
export async function openK8sClient(options: K8sClientOptions): Promise<K8sClient> {
  const { kubeconfigPath, env = process.env } = options
  const source = cachedSource(
    kubeconfigPath === undefined ? inClusterLoader({ env }) : kubeconfigLoader(kubeconfigPath),
  )
  await source.current()
  return new HttpClient(options, source)
}

class HttpClient implements K8sClient {
  readonly #options: K8sClientOptions
  readonly #source: ConnectionSource
  readonly #transport: Transport

  constructor(options: K8sClientOptions, source: ConnectionSource) {
    this.#options = options
    this.#source = source
    this.#transport = options.http2 === true ? createHttp2Transport() : createTransport()
  }

  async request(request: K8sRequest): Promise<K8sResponse> {
    return this.#authenticated(request, async (connection) => {
      using exchange = this.#exchange(request, connection)
      return await exchange.run(async (answer) => ({
        status: answer.status,
        headers: answer.headers,
        body: await exchange.readBody(answer, this.#options.maxResponseBytes ?? 128 * 1024 * 1024),
      }))
    })
  }

  async stream(request: K8sRequest): Promise<K8sStream> {
    return this.#authenticated(request, (connection) => this.#stream(request, connection))
  }

  async #stream(request: K8sRequest, connection: Connection): Promise<K8sStream> {
    const exchange = new Exchange({
      ...{ request, connection, options: this.#options },
      transport: this.#streamTransport(connection),
    })
    try {
      return await exchange.run(async (answer) => {
        exchange.deadline.stopClock()
        answer.keepAlive(30_000)
        return {
          status: answer.status,
          headers: answer.headers,
          chunks: exchange.chunks(answer),
          read: (onRead) => exchange.read(answer, onRead),
        }
      })
    } catch (error) {
      exchange[Symbol.dispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#transport[Symbol.dispose]()
  }

  /** A proxy's connections are its agent's to make; over HTTP/2 there is one for everything. */
  #streamTransport({ agent }: Connection): Pick<Transport, 'send'> {
    if (agent !== undefined || this.#options.http2 === true) return this.#transport
    return { send: openSocketStream }
  }

  #exchange(request: K8sRequest, connection: Connection): Exchange {
    return new Exchange({ request, connection, transport: this.#transport, options: this.#options })
  }

  /** With credentials that were renewed since, the server may accept what it has refused. */
  async #authenticated<T>(request: K8sRequest, call: (connection: Connection) => Promise<T>): Promise<T> {
    request.signal?.throwIfAborted()
    const connection = await this.#source.current()
    try {
      return await call(connection)
    } catch (error) {
      if (!(error instanceof K8sApiError && error.status === 401)) throw error
      this.#source.invalidate(connection)
      const renewed = await this.#source.current()
      if (haveSameCredentials(connection, renewed)) throw error
      return await call(renewed)
    }
  }
}

type ExchangeParts = Readonly<{
  request: K8sRequest
  connection: Connection
  transport: Pick<Transport, 'send'>
  options: K8sClientOptions
}>

/** One request and its answer. */
class Exchange implements Disposable {
  readonly deadline: Deadline
  readonly #parts: ExchangeParts
  readonly #call: Call

  constructor(parts: ExchangeParts) {
    const { request, connection, options } = parts
    this.#parts = parts
    this.#call = {
      method: request.method,
      path: request.path,
      server: connection.server.href,
      configuredBy: options.kubeconfigPath ?? 'the service account of this pod',
    }
    this.deadline = startDeadline(
      request.timeoutMs ?? options.requestTimeoutMs ?? 30_000,
      request.signal ?? undefined,
    )
  }

  /** Sends, refuses what is 400 or more, lets `use` have the rest; reports the call either way. */
  async run<T>(use: (answer: Answer) => Promise<T>): Promise<T> {
    const startedMs = performance.now()
    let code = '<error>'
    try {
      const answer = await this.#send()
      code = String(answer.status)
      return await use(await this.#accepted(answer))
    } catch (error) {
      throw this.failure(error)
    } finally {
      this.#observe(code, performance.now() - startedMs)
    }
  }

  /** The whole body; an answer longer than `maxBytes` is refused as soon as that is known. */
  async readBody(answer: Answer, maxBytes: number): Promise<Buffer> {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of answer) {
      length += chunk.length
      if (length > maxBytes) {
        throw new K8sApiError(
          `${this.#call.method} ${this.#call.path}: an answer of more than ${maxBytes} bytes`,
          {
            status: answer.status,
            reason: 'ResponseTooLarge',
            hint: 'ask for fewer objects at once (a smaller page size)',
          },
        )
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks, length)
  }

  async read(answer: Answer, onRead: BodyReader): Promise<void> {
    try {
      await answer.read(onRead)
    } catch (error) {
      throw this.failure(error)
    } finally {
      answer.destroy()
      this[Symbol.dispose]()
    }
  }

  async *chunks(answer: Answer): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const chunk of answer) yield chunk
    } catch (error) {
      throw this.failure(error)
    } finally {
      answer.destroy()
      this[Symbol.dispose]()
    }
  }

  /** What the caller sees: its own abort, or a K8sApiError. */
  failure(error: unknown): unknown {
    const { signal } = this.#parts.request
    if (signal?.aborted === true) return signal.reason
    return error instanceof CodedError ? error : unansweredError(this.#call, error, this.deadline.timedOut)
  }

  [Symbol.dispose](): void {
    this.deadline[Symbol.dispose]()
  }

  #send(): Promise<Answer> {
    const { request, connection, transport, options } = this.#parts
    const body = encodeBody(request.body)
    return transport.send(connection, {
      method: request.method,
      path: request.path + encodeQuery(request.query),
      headers: {
        accept: request.accept ?? 'application/json',
        'user-agent': options.userAgent,
        ...(body === undefined
          ? {}
          : {
              'content-type': request.contentType ?? 'application/json',
              'content-length': String(body.length),
            }),
      },
      body,
      signal: this.deadline.signal,
    })
  }

  async #accepted(answer: Answer): Promise<Answer> {
    const status = answer.status
    if (status >= 200 && status < 300) return answer
    const body = await readPrefix(answer, maxErrorBytes)
    throw refusedError(this.#call, { status, headers: answer.headers, body })
  }

  #observe(code: string, durationMs: number): void {
    const { request, options, connection } = this.#parts
    const { method, path } = request
    const { host } = connection.server
    // A call that we gave up ourselves says nothing about the server.
    if (code === '<error>' && request.signal?.aborted === true) return
    const watch = request.query?.watch
    const isWatch = watch === true || watch === 'true' || watch === '1' || watch === 1
    options.observe?.({ ...requestInfoOf({ method, path, isWatch }), method, host, code, durationMs })
  }
}

/** The first bytes of a body; what follows is not waited for. */
async function readPrefix(answer: Answer, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= maxBytes) break
  }
  return Buffer.concat(chunks).subarray(0, maxBytes)
}

function encodeQuery(query: K8sRequest['query']): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  return parameters.size === 0 ? '' : `?${parameters}`
}

function encodeBody(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return Buffer.from(JSON.stringify(body))
}
