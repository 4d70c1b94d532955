import { validateHeaderName, validateHeaderValue } from 'node:http'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import type { Answer, BodyReader } from './answer.ts'
import type { Connection } from './connection.ts'
import { type ResponseBody, responseBodyOf, type Span } from './response-body.ts'
import { type ResponseHead, ResponseHeadReader } from './response-head.ts'
import type { TransportMessage } from './transport.ts'

/**
 * What one read brings, of any stream: it is used before the next one. As large as fits into a processor's cache beside what
 * the reader needs: fewer reads make an event cheaper.
 */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024)

/**
 * A GET over a connection of its own whose answer is read into a buffer that all streams share. So a watch costs no memory
 * for what it delivers, and Node's HTTP client, which makes several objects of every chunk, is not between the socket and
 * the decoder. Resolves when the head is there.
 */
export function openSocketStream(connection: Connection, message: TransportMessage): Promise<Answer> {
  return new SocketStream(connection, message).answer
}

class SocketStream {
  readonly answer: Promise<Answer>
  readonly #socket: Socket
  readonly #head = new ResponseHeadReader()
  readonly #answered = Promise.withResolvers<Answer>()
  readonly #ended = Promise.withResolvers<void>()
  #body: ResponseBody | undefined
  #onRead: BodyReader | undefined
  /** Of the last read. */
  readonly #parts: number[] = []
  /** What came before somebody wanted it. */
  #pending: Buffer = Buffer.alloc(0)

  constructor(connection: Connection, message: TransportMessage) {
    this.answer = this.#answered.promise
    // Whoever reads is told; nobody else has to ask.
    this.#ended.promise.catch(() => {})
    const head = requestHead(connection, message)
    this.#socket = connectTo(connection, {
      buffer: readBuffer,
      callback: (count) => this.#received({ bytes: readBuffer, start: 0, end: count }),
    })
    const onAbort = () => this.#fail(message.signal.reason)
    message.signal.addEventListener('abort', onAbort, { once: true })
    this.#socket.once(connection.server.protocol === 'https:' ? 'secureConnect' : 'connect', () =>
      this.#socket.write(head, 'latin1'),
    )
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('end', () => {
      if (this.#body?.endsWithConnection === true) this.#ended.resolve()
    })
    this.#socket.once('close', () => {
      message.signal.removeEventListener('abort', onAbort)
      this.#fail(new Error('the connection ended before the answer did'))
    })
    if (message.signal.aborted) onAbort()
  }

  /** Whether to go on reading. */
  #received(read: Span): boolean {
    try {
      if (this.#body !== undefined) return this.#deliver(read)
      const answer = this.#head.push(read.bytes.subarray(read.start, read.end))
      if (answer === undefined) return true
      this.#body = responseBodyOf(answer.head)
      this.#pending = Buffer.from(answer.rest)
      this.#answered.resolve(this.#answerOf(answer.head))
      return false
    } catch (error) {
      this.#fail(error)
      return false
    }
  }

  #deliver(read: Span): boolean {
    const onRead = this.#onRead
    if (onRead === undefined || this.#body === undefined) {
      // Reading was paused, and what had been read before still came.
      this.#pending = Buffer.concat([this.#pending, read.bytes.subarray(read.start, read.end)])
      return false
    }
    const parts = this.#parts
    parts.length = 0
    const isComplete = this.#body.push(read, parts)
    if (parts.length > 0) onRead(read.bytes, parts)
    if (!isComplete) return true
    this.#ended.resolve()
    this.#socket.destroy()
    return false
  }

  #answerOf({ status, headers }: ResponseHead): Answer {
    return {
      status,
      headers,
      keepAlive: (intervalMs) => void this.#socket.setKeepAlive(true, intervalMs),
      destroy: () => void this.#socket.destroy(),
      read: (onRead) => this.#read(onRead),
      [Symbol.asyncIterator]: () => this.#iterate(),
    }
  }

  async #read(onRead: BodyReader): Promise<void> {
    this.#onRead = onRead
    try {
      const pending = this.#pending
      this.#pending = Buffer.alloc(0)
      if (this.#deliver({ bytes: pending, start: 0, end: pending.length })) this.#socket.resume()
    } catch (error) {
      this.#fail(error)
    }
    await this.#ended.promise
  }

  /** For answers of which little is wanted: copies. */
  async *#iterate(): AsyncGenerator<Buffer, void, undefined> {
    const chunks: Buffer[] = []
    let wake = Promise.withResolvers<void>()
    const reading = this.#read((bytes, parts) => {
      for (let i = 0; i < parts.length; i += 2)
        chunks.push(Buffer.from(bytes.subarray(parts[i], parts[i + 1])))
      this.#socket.pause()
      wake.resolve()
    })
    const over = reading.then(() => true)
    over.catch(() => {})
    try {
      for (;;) {
        const isOver = await Promise.race([over, wake.promise.then(() => false)])
        wake = Promise.withResolvers()
        for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk
        if (isOver) return
        this.#socket.resume()
      }
    } finally {
      this.#socket.destroy()
    }
  }

  #fail(error: unknown): void {
    this.#answered.reject(error)
    this.#ended.reject(error)
    this.#socket.destroy()
  }
}

type OnRead = Readonly<{ buffer: Buffer; callback: (count: number) => boolean }>

function connectTo({ server, tls }: Connection, onread: OnRead): Socket {
  const isSecure = server.protocol === 'https:'
  const host = server.hostname.replace(/^\[|\]$/g, '')
  const options = { host, port: Number(server.port || (isSecure ? 443 : 80)), onread, noDelay: true }
  if (!isSecure) return connectPlain(options)
  const servername = isIP(host) === 0 ? { servername: host } : {}
  return connectSecure({ ...options, ...servername, ALPNProtocols: ['http/1.1'], ...tls })
}

function requestHead({ server, headers }: Connection, message: TransportMessage): string {
  const path = server.pathname.replace(/\/$/, '') + message.path
  if (!/^[\x21-\x7e]+$/.test(path)) throw new TypeError('a path that is not escaped')
  const lines = [`${message.method} ${path} HTTP/1.1`, `host: ${server.host}`, 'connection: close']
  for (const [name, value] of Object.entries({ ...message.headers, ...headers })) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    lines.push(`${name}: ${value}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}
