import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { BenchCluster, type PodFormat, type WirePod } from './cluster.ts'
import { encodeEvent, encodeList } from './wire.ts'
import { answerParent } from './worker.ts'

// Serves the pods of a cluster to one watcher. Each event is a chunk of the answer, as an apiserver flushes it.

const protobufMediaType = 'application/vnd.kubernetes.protobuf'

type Watcher = Readonly<{ format: PodFormat; response: ServerResponse }>

const cluster = new BenchCluster(Number(process.argv[2]))
const { resourceVersion } = cluster
const pods: readonly WirePod[] = [...cluster.list()]
const watcher = Promise.withResolvers<Watcher>()

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://apiserver')
  if (url.pathname !== '/api/v1/pods') response.writeHead(404).end()
  // As a server without watch-lists does: both sides then read pages or the whole.
  else if (url.searchParams.has('sendInitialEvents')) response.writeHead(422).end()
  else if (url.searchParams.get('watch') === 'true') watch(request, response)
  else list(response, { query: url.searchParams, format: formatOf(request) })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

const questions = z.union([
  z.object({ ask: z.literal('url') }),
  z.object({ ask: z.literal('events'), count: z.int() }),
])

answerParent(async (message) => {
  const question = questions.parse(message)
  if (question.ask === 'url') {
    const address = server.address()
    return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
  }
  return { bytes: await send(question.count) }
})

function formatOf({ headers }: IncomingMessage): PodFormat {
  return headers.accept?.includes('protobuf') === true ? 'protobuf' : 'json'
}

function list(
  response: ServerResponse,
  { query, format }: { query: URLSearchParams; format: PodFormat },
): void {
  const from = Number(query.get('continue') ?? 0)
  const to = from + Number(query.get('limit') ?? pods.length)
  const continueToken = to < pods.length ? String(to) : ''
  const body = encodeList(pods.slice(from, to), { format, resourceVersion, continueToken })
  response.writeHead(200, {
    'content-type': format === 'json' ? 'application/json' : protobufMediaType,
    'content-length': body.length,
  })
  response.end(body)
}

function watch(request: IncomingMessage, response: ServerResponse): void {
  const format = formatOf(request)
  const mediaType = format === 'json' ? 'application/json' : `${protobufMediaType};stream=watch`
  response.writeHead(200, { 'content-type': mediaType, 'transfer-encoding': 'chunked' })
  response.flushHeaders()
  watcher.resolve({ format, response })
}

/** Sends the next events as fast as they are read; gives their bytes without those of HTTP. */
async function send(count: number): Promise<number> {
  const { format, response } = await watcher.promise
  const chunks: Buffer[] = []
  let bytes = 0
  for (const event of cluster.events(count)) {
    const frame = encodeEvent(event, format)
    bytes += frame.length
    chunks.push(Buffer.from(`${frame.length.toString(16)}\r\n`), frame, Buffer.from('\r\n'))
  }
  // Made before the first byte goes out, so that the reader never waits for this process.
  const stream = Buffer.concat(chunks)
  await new Promise<void>((resolve) => response.socket?.write(stream, () => resolve()))
  return bytes
}
