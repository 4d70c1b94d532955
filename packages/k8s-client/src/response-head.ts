import type { IncomingHttpHeaders } from 'node:http'

/** The head of an HTTP/1.1 answer (RFC 9112, sections 4 and 5). */
export type ResponseHead = Readonly<{ status: number; headers: IncomingHttpHeaders }>

const maxHeadBytes = 64 * 1024
const statusLine = /^HTTP\/1\.[01] ([1-9]\d\d)(?: .*)?$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*$/

/** Collects the bytes of heads, those of interim answers (1xx) included, which are skipped. */
export class ResponseHeadReader {
  #received: Buffer = Buffer.alloc(0)

  /** The head once it is whole, and what of the bytes is behind it. Throws RangeError for what is no head. */
  push(bytes: Uint8Array): { head: ResponseHead; rest: Buffer } | undefined {
    this.#received = Buffer.concat([this.#received, bytes])
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n')
      if (end > maxHeadBytes || (end < 0 && this.#received.length > maxHeadBytes)) {
        throw new RangeError(`the head of the answer has more than ${maxHeadBytes} bytes`)
      }
      if (end < 0) return undefined
      const head = parseHead(this.#received.toString('latin1', 0, end))
      const rest = this.#received.subarray(end + 4)
      if (head.status >= 200) return { head, rest }
      if (head.status === 101) throw new RangeError('the server changed the protocol, which nobody asked for')
      this.#received = rest
    }
  }
}

function parseHead(text: string): ResponseHead {
  const [first = '', ...lines] = text.split('\r\n')
  const status = statusLine.exec(first)?.[1]
  if (status === undefined)
    throw new RangeError(`no status line of HTTP/1: ${JSON.stringify(first.slice(0, 80))}`)
  const headers: Record<string, string> = Object.create(null)
  for (const line of lines) {
    const [, name, value = ''] = headerLine.exec(line) ?? []
    if (name === undefined) throw new RangeError(`no header: ${JSON.stringify(line.slice(0, 80))}`)
    const key = name.toLowerCase()
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  return { status: Number(status), headers }
}
