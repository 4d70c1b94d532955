import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'
import type { Instance } from './instance.ts'
import { unixRequest } from './unix-http.ts'

const cniAddSchema = z.object({
  pod: z.string(),
  node: z.string(),
  /** From the start of the executable to its end. */
  durationMs: z.number(),
})

const statusSchema = z.object({
  /** `failed`: the daemon cleans up and ends; `error` says why. */
  phase: z.enum(['starting', 'ready', 'failed']),
  error: z.string().optional(),
  /** What was reached, in order; `up` prints these while it waits. */
  progress: z.array(z.string()),
  apiserver: z.string(),
  nodes: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      netns: z.string(),
      agentSocket: z.string(),
      ready: z.boolean(),
      waitingFor: z.string(),
    }),
  ),
  children: z.array(
    z.object({ name: z.string(), pid: z.number().optional(), restarts: z.number(), lastExit: z.string() }),
  ),
  /** The pods that the kubelets run here. */
  pods: z.array(
    z.object({
      namespace: z.string(),
      name: z.string(),
      uid: z.string(),
      node: z.string(),
      netns: z.string(),
      ip: z.string(),
      state: z.string(),
    }),
  ),
  /** Successful CNI ADDs, oldest first. */
  cniAdds: z.array(cniAddSchema),
})

export type CniAdd = z.infer<typeof cniAddSchema>
export type DaemonStatus = z.infer<typeof statusSchema>

/** Serves the daemon's status over its unix socket. */
export async function serveDaemonApi(
  instance: Instance,
  status: () => DaemonStatus,
): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    const known = request.method === 'GET' && request.url === '/status'
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(known ? status() : { error: `no ${request.method} ${request.url} here` }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(instance.daemonSocket, resolve)
  })
  chmodSync(instance.daemonSocket, 0o600)
  return {
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** @throws UNIX_HTTP when the daemon is not there, DAEMON_STATUS when its answer makes no sense. */
export async function daemonStatus(
  instance: Instance,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<DaemonStatus> {
  const { body } = await unixRequest(instance.daemonSocket, { path: '/status', signal })
  try {
    return statusSchema.parse(JSON.parse(body))
  } catch (cause) {
    throw new CodedError('DAEMON_STATUS', `understand the status of sandbox ${instance.name}`, { cause })
  }
}
