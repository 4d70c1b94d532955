import { createServer } from 'node:http'
import { CodedError } from '@axoneme/lifecycle'
import type { Registry } from 'prom-client'

/** What a health route answers: 200 when `ok`, 503 otherwise, and `body` as JSON. */
export type HealthAnswer = Readonly<{ ok: boolean; body: unknown }>

/**
 * Serves `/metrics` on `host:port`, and health routes such as `/readyz` for probes. Throws METRICS_LISTEN when the
 * address cannot be had.
 */
export async function startMetricsServer(
  address: string,
  registry: Registry,
  health: Readonly<Record<string, () => HealthAnswer>> = {},
): Promise<AsyncDisposable> {
  const split = /^(.+):(\d{1,5})$/.exec(address)
  if (split === null || Number(split[2]) > 65535) {
    throw new CodedError('METRICS_ADDRESS', `listen for metrics on ${address}`, {
      hint: 'metrics-address is host:port, such as 127.0.0.1:9962',
    })
  }
  const server = createServer((request, response) => {
    const url = request.url ?? '/'
    const answer = request.method === 'GET' && Object.hasOwn(health, url) ? health[url]?.() : undefined
    if (answer !== undefined) {
      response.writeHead(answer.ok ? 200 : 503, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(answer.body)}\n`)
      return
    }
    if (request.method !== 'GET' || url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new CodedError('METRICS_LISTEN', `listen for metrics on ${address}`, {
          cause,
          hint: 'option metrics-address',
        }),
      )
    })
    server.listen(Number(split[2]), split[1], () => resolve())
  })
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
