import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import { type Answer, readEach } from './answer.ts'
import type { Connection } from './connection.ts'
import type { Transport } from './transport.ts'

type ResponseHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader

/**
 * Sends everything over one connection, as clients written in Go do: an apiserver has one connection of an agent then
 * and not one for each watch. Over plain HTTP the server must know that HTTP/2 comes.
 */
export function createHttp2Transport(): Transport {
  let open: { session: ClientHttp2Session; connection: Connection } | undefined

  /** Rotated credentials make a new connection; what runs over the old one goes on. */
  function sessionOf(connection: Connection): ClientHttp2Session {
    const { origin } = connection.server
    const usable = open !== undefined && !open.session.closed && !open.session.destroyed ? open : undefined
    if (usable !== undefined && usable.connection.server.origin === origin) {
      if (sameTls(usable.connection, connection)) return usable.session
    }
    usable?.session.close()
    // A peer that vanished is noticed by the kernel in the end.
    const options = { ...connection.tls, keepAlive: true, keepAliveInitialDelay: 30_000 }
    const session = connect(origin, options)
    // The streams report what went wrong, each to its caller.
    session.on('error', () => {})
    session.on('goaway', () => session.close())
    open = { session, connection }
    return session
  }

  return {
    async send(connection, message) {
      const { server } = connection
      const stream = sessionOf(connection).request(
        {
          ...lowerCased({ ...message.headers, ...connection.headers }),
          [constants.HTTP2_HEADER_METHOD]: message.method,
          [constants.HTTP2_HEADER_PATH]: server.pathname.replace(/\/$/, '') + message.path,
        },
        { endStream: message.body === undefined, signal: message.signal },
      )
      if (message.body !== undefined) stream.end(message.body)
      return answerOf(stream, await responseOf(stream))
    },
    [Symbol.dispose]: () => open?.session.destroy(),
  }
}

function responseOf(stream: ClientHttp2Stream): Promise<ResponseHeaders> {
  return new Promise((resolve, reject) => {
    stream.once('response', resolve)
    stream.on('error', reject)
    stream.once('close', () => reject(new Error('the stream was closed before the answer began')))
  })
}

function answerOf(stream: ClientHttp2Stream, { ':status': status = 0, ...headers }: ResponseHeaders): Answer {
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk
    // A stream that the server gave up looks like one that has ended.
    if (stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR)
      throw new Error(`the server closed the stream with code ${stream.rstCode}`)
  }
  return {
    status,
    headers,
    // The connection is probed from its beginning.
    keepAlive: () => {},
    destroy: () => stream.close(constants.NGHTTP2_CANCEL),
    read: (onRead) => readEach(chunks(), onRead),
    [Symbol.asyncIterator]: chunks,
  }
}

function sameTls(a: Connection, b: Connection): boolean {
  return a.tls.ca === b.tls.ca && a.tls.cert === b.tls.cert && a.tls.key === b.tls.key
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
