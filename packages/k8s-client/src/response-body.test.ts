import { createServer } from 'node:http'
import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { responseBodyOf } from './response-body.ts'
import { type ResponseHead, ResponseHeadReader } from './response-head.ts'

/** What an answer is to whoever gets its bytes in these pieces, each in the same buffer. */
function parse(bytes: Buffer, cuts: readonly number[] = []) {
  const positions = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const reader = new ResponseHeadReader()
  let head: ResponseHead | undefined
  let body: ReturnType<typeof responseBodyOf> | undefined
  let content = ''
  let isComplete = false
  const buffer = Buffer.alloc(bytes.length + 2)
  const take = (piece: Buffer) => {
    if (isComplete || body === undefined) return
    piece.copy(buffer.fill('!'), 1)
    const parts: number[] = []
    isComplete = body.push({ bytes: buffer, start: 1, end: 1 + piece.length }, parts)
    for (let i = 0; i < parts.length; i += 2) content += buffer.toString('latin1', parts[i], parts[i + 1])
  }
  for (const [i, at] of positions.entries()) {
    const piece = bytes.subarray(at, positions[i + 1] ?? bytes.length)
    if (body !== undefined) take(piece)
    else {
      const found = reader.push(piece)
      if (found === undefined) continue
      head = found.head
      body = responseBodyOf(found.head)
      take(found.rest)
    }
  }
  return { head, content, isComplete, endsWithConnection: body?.endsWithConnection }
}

const answer = (...lines: string[]) => Buffer.from(lines.join('\r\n'), 'latin1')

describe('an answer', () => {
  it('that Node wrote is read as it was meant, wherever it is cut', async () => {
    const chunks = ['one', 'x'.repeat(3000), '\r\n0\r\n\r\n', 'end']
    const bytes = await rawAnswer(chunks)
    expect(parse(bytes).head).toMatchObject({ status: 200, headers: { 'content-type': 'a/b' } })
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        expect(parse(bytes, cuts)).toMatchObject({ content: chunks.join(''), isComplete: true })
      }),
    )
    // One byte at a time.
    expect(parse(bytes, [...bytes.keys()])).toMatchObject({ content: chunks.join(''), isComplete: true })
  })

  it.each([
    {
      what: 'of a known length',
      bytes: answer('HTTP/1.1 200 OK', 'content-length: 3', '', 'abcdef'),
      expected: { content: 'abc', isComplete: true, endsWithConnection: false },
    },
    {
      what: 'that ends with the connection',
      bytes: answer('HTTP/1.0 200 OK', '', 'abc'),
      expected: { content: 'abc', isComplete: false, endsWithConnection: true },
    },
    {
      what: 'without a body',
      bytes: answer('HTTP/1.1 204 No Content', '', ''),
      expected: { content: '', isComplete: true },
    },
    {
      what: 'behind an interim one',
      bytes: answer('HTTP/1.1 103 Early Hints', 'link: x', '', 'HTTP/1.1 200', 'Content-Length: 0', '', ''),
      expected: { head: { status: 200, headers: { 'content-length': '0' } }, isComplete: true },
    },
    {
      what: 'with chunk extensions and a trailer',
      bytes: answer(
        ...['HTTP/1.1 200 OK', 'Transfer-Encoding: Chunked', '', '3;a=b', 'abc', '0', 'x: y', '', ''],
      ),
      expected: { content: 'abc', isComplete: true },
    },
    {
      what: 'that was cut',
      bytes: answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '9', 'abc'),
      expected: { content: 'abc', isComplete: false, endsWithConnection: false },
    },
  ])('$what', ({ bytes, expected }) => {
    expect(parse(bytes)).toMatchObject(expected)
  })

  it.each([
    { what: 'another protocol', lines: ['HTTP/2 200', '', ''] },
    { what: 'a protocol nobody asked for', lines: ['HTTP/1.1 101 Switching Protocols', '', ''] },
    { what: 'a folded header', lines: ['HTTP/1.1 200 OK', 'a: b', ' c', '', ''] },
    { what: 'an encoding that is not known', lines: ['HTTP/1.1 200 OK', 'transfer-encoding: gzip', '', ''] },
    { what: 'two lengths', lines: ['HTTP/1.1 200 OK', 'content-length: 1', 'content-length: 2', '', ''] },
    { what: 'a head without end', lines: ['HTTP/1.1 200 OK', `a: ${'b'.repeat(70_000)}`] },
    ...['', 'x', '-1', '123456789', '3 '].map((size) => ({
      what: `a chunk of the size ${JSON.stringify(size)}`,
      lines: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', size, 'abc', '0', '', ''],
    })),
    {
      what: 'a chunk that is longer than it says',
      lines: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '2', 'abc', ''],
    },
    {
      what: 'an extension without end',
      lines: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', `2;${'b'.repeat(70_000)}`],
    },
  ])('with $what is refused', ({ lines }) => {
    expect(() => parse(answer(...lines))).toThrow(RangeError)
  })

  it('of any bytes is an answer or a RangeError', () => {
    const start = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
    fc.assert(
      fc.property(fc.constantFrom('', start), fc.string({ unit: 'binary-ascii' }), (prefix, text) => {
        try {
          parse(Buffer.from(prefix + text, 'latin1'))
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
})

/** The bytes that Node's server answers with. */
async function rawAnswer(chunks: readonly string[]): Promise<Buffer> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'a/b' })
    for (const chunk of chunks) response.write(chunk)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  const socket = connect(address.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  const received: Buffer[] = []
  for await (const chunk of socket as AsyncIterable<Buffer>) received.push(chunk)
  await new Promise((resolve) => server.close(resolve))
  return Buffer.concat(received)
}
