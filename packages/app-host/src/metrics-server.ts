import { createServer } from 'node:http'
import { CodedError } from '@axoneme/lifecycle'
import type { Registry } from 'prom-client'

/** Serves `/metrics` on `host:port`. Throws METRICS_LISTEN when the address cannot be had. */
export async function startMetricsServer(address: string, registry: Registry): Promise<AsyncDisposable> {
  const split = /^(.+):(\d{1,5})$/.exec(address)
  if (split === null || Number(split[2]) > 65535) {
    throw new CodedError('METRICS_ADDRESS', `listen for metrics on ${address}`, {
      hint: 'metrics-address is host:port, such as 127.0.0.1:9962',
    })
  }
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
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
