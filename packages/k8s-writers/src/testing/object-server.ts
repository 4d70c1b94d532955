import type { ServerResponse } from 'node:http'
import { type K8sClient, openK8sClient } from '@axoneme/k8s-client'
import {
  failure,
  type ReceivedRequest,
  respond,
  startTestServer,
  writeKubeconfig,
} from '@axoneme/k8s-client/testing'

type Json = { [key: string]: unknown }

/** Cluster-scoped objects behind HTTP: create, read, and merge patches with the resourceVersion as their guard. */
export type ObjectServer = AsyncDisposable & {
  readonly client: K8sClient
  readonly objects: Map<string, Json>
  /** Writes so far, as `METHOD path`. */
  readonly writes: string[]
  /** Called before each answer: to change things between a read and a write. */
  before: ((request: ReceivedRequest) => void) | undefined
  /** Collections that exist. */
  readonly collections: Set<string>
  /** Changes an object as somebody else would. */
  change(path: string, patch: Json): void
}

export async function startObjectServer(collections: readonly string[]): Promise<ObjectServer> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startTestServer((request, response) => handle(state, request, response)))
  const config = stack.use(await writeKubeconfig(server.url))
  const client = stack.use(await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' }))
  let version = 0
  const state: ObjectServer & { store(path: string, object: Json): Json } = {
    client,
    objects: new Map(),
    writes: [],
    before: undefined,
    collections: new Set(collections),
    store(path, object) {
      const metadata = { ...(object.metadata as Json), resourceVersion: String(++version) }
      const stored = { ...object, metadata }
      state.objects.set(path, stored)
      return stored
    },
    change(path, patch) {
      state.store(path, merged(state.objects.get(path) ?? {}, patch) as Json)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
  const owned = stack.move()
  return state
}

function handle(
  state: ObjectServer & { store(path: string, object: Json): Json },
  request: ReceivedRequest,
  response: ServerResponse,
): void {
  state.before?.(request)
  const { method, path } = request
  if (method !== 'GET') state.writes.push(`${method} ${path}`)
  const collection = method === 'POST' ? path : path.slice(0, path.lastIndexOf('/'))
  if (!state.collections.has(collection)) {
    respond(response, 404, failure(404, 'NotFound', 'the server could not find the requested resource'))
    return
  }
  if (method === 'POST') {
    const object = JSON.parse(request.body) as Json & { metadata: { name: string } }
    const at = `${path}/${object.metadata.name}`
    if (state.objects.has(at)) respond(response, 409, failure(409, 'AlreadyExists'))
    else respond(response, 201, state.store(at, object))
    return
  }
  const stored = state.objects.get(path)
  if (stored === undefined) respond(response, 404, failure(404, 'NotFound'))
  else if (method === 'GET') respond(response, 200, stored)
  else patch(state, { stored, request, response })
}

function patch(
  state: { store(path: string, object: Json): Json },
  { stored, request, response }: { stored: Json; request: ReceivedRequest; response: ServerResponse },
): void {
  const body = JSON.parse(request.body) as Json
  const guard = (body.metadata as Json | undefined)?.resourceVersion
  const version = (stored.metadata as Json).resourceVersion
  if (request.headers['content-type'] !== 'application/merge-patch+json') {
    respond(response, 415, failure(415, 'UnsupportedMediaType'))
  } else if (guard !== undefined && guard !== version) {
    respond(response, 409, failure(409, 'Conflict'))
  } else {
    respond(response, 200, state.store(request.path, merged(stored, body) as Json))
  }
}

/** RFC 7386. */
function merged(target: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change
  const result: Json =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...(target as Json) } : {}
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}
