import { request } from 'node:http'
import { CodedError } from '@axoneme/lifecycle'

const maxBodyBytes = 16 * 1024 * 1024

export type UnixResponse = Readonly<{ status: number; body: string }>

/** One HTTP request over a unix socket. @throws UNIX_HTTP when nobody answers there, or not in time. */
export function unixRequest(
  socketPath: string,
  { path, method = 'GET', timeoutMs = 5_000, signal }: UnixRequest,
): Promise<UnixResponse> {
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])])
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => {
      if (signal?.aborted === true) reject(signal.reason)
      else
        reject(new CodedError('UNIX_HTTP', `${method} ${path} at ${socketPath}`, { cause, retryable: true }))
    }
    // A connection that is kept may be one that the server closes now.
    const outgoing = request({ socketPath, path, method, signal: limit, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      let bytes = 0
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > maxBodyBytes)
          incoming.destroy(new Error(`the answer is longer than ${maxBodyBytes} bytes`))
      })
      incoming.once('end', () =>
        resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      )
      incoming.once('error', fail)
    })
    outgoing.once('error', fail)
    outgoing.end()
  })
}

export type UnixRequest = {
  path: string
  method?: 'GET' | 'POST'
  timeoutMs?: number
  signal?: AbortSignal | undefined
}
