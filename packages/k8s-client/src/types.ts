import type { IncomingHttpHeaders } from 'node:http'
import type { BodyReader } from './answer.ts'

export type K8sMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type K8sRequest = Readonly<{
  method: K8sMethod
  /** Absolute, below the server's URL, already escaped (see resourcePath). */
  path: string
  /** Undefined values are left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Bytes are sent as they are, anything else as JSON. */
  body?: unknown
  /** `application/json` when there is a body. */
  contentType?: string
  /** `application/json`. */
  accept?: string
  /** For a stream: until the headers are there. */
  timeoutMs?: number
  signal?: AbortSignal | undefined
}>

export type K8sResponse = Readonly<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>

export type K8sStream = Readonly<{
  status: number
  headers: IncomingHttpHeaders
  /**
   * Hands over what each read brings; the cheap way. Resolves when the server ends the answer; a cut is an error, as is what
   * `onRead` throws. Instead of `chunks`.
   */
  read(onRead: BodyReader): Promise<void>
  /** Must be iterated (once), or the request's signal aborted. Ends when the server ends the answer; a cut is an error. */
  chunks: AsyncIterable<Buffer>
}>

/** One finished call, for metrics; a stream counts when its headers are there. */
export type K8sCallEvent = Readonly<{
  verb: string
  resource: string
  method: K8sMethod
  /** Of the apiserver, with the port. */
  host: string
  /** The HTTP status, or `<error>` when there was no answer. */
  code: string
  durationMs: number
}>

/** Calls to one apiserver. Every failure, and every answer of 400 and more, is a K8sApiError. */
export type K8sClient = AsyncDisposable & {
  request(request: K8sRequest): Promise<K8sResponse>
  /** For watches and logs: the body is delivered as it arrives. */
  stream(request: K8sRequest): Promise<K8sStream>
}

export type K8sClientOptions = Readonly<{
  /** Without it, the service account of the pod that this runs in. */
  kubeconfigPath?: string
  /** How the server's logs and flow control see us, e.g. `axoneme-agent/0.1.0`. */
  userAgent: string
  /** 30 seconds. */
  requestTimeoutMs?: number
  /** The largest body that a request may have as its answer; 128 MiB. Streams are bounded by their reader. */
  maxResponseBytes?: number
  /** One connection for everything instead of one for each watch; a server at a plain address must expect HTTP/2. */
  http2?: boolean
  observe?: (event: K8sCallEvent) => void
  /** For the service account's address; the process's own by default. */
  env?: Readonly<Record<string, string | undefined>>
}>
