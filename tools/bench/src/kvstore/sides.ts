import { Agent, request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Kvstore, openEtcdKvstore } from '@axoneme/kvstore'
import { createLogger } from '@axoneme/log'
import { Etcd3 } from 'etcd3'

/** A client of etcd by what it can do; keys that are not there read as undefined. */
export type Side = AsyncDisposable & {
  readonly name: string
  get(key: string): Promise<string | undefined>
  put(key: string, value: string): Promise<void>
  /** False when the key exists. */
  create(key: string, value: string): Promise<boolean>
  /** Writes both keys if `condition` has `value`. */
  txn(condition: { key: string; value: string }, keys: readonly [string, string]): Promise<boolean>
  /** All keys and values under a prefix; the result is held by the caller. */
  list(prefix: string): Promise<{ size: number }>
  /** Calls back for each put under the prefix; resolves when the watch is there. */
  watch(prefix: string, onPut: () => void): Promise<AsyncDisposable>
}

const log = createLogger({ sink: () => {} })

/** Ours, as the agent has it: limits checked, leases kept, calls counted. */
export async function openOurs(
  endpoints: readonly string[],
  signal: AbortSignal,
): Promise<Side & { store: Kvstore; operations(): number }> {
  let operations = 0
  const observe = () => void operations++
  const store = await openEtcdKvstore({ endpoints, log, observe, signal })
  return {
    name: 'ours',
    store,
    operations: () => operations,
    get: async (key) => (await store.get(key))?.value,
    put: (key, value) => store.put(key, value),
    create: (key, value) => store.createOnly(key, value),
    txn: ({ key, value }, keys) =>
      store.commit({
        conditions: [{ kind: 'value', key, value }],
        writes: keys.map((each) => ({ kind: 'put', key: each, value })),
      }),
    async list(prefix) {
      const entries = await store.listPrefix(prefix)
      return { size: entries.length, entries }
    },
    async watch(prefix, onPut) {
      const stop = new AbortController()
      const synced = Promise.withResolvers<void>()
      const running = (async () => {
        for await (const { kind } of store.watchPrefix(prefix, { signal: stop.signal })) {
          if (kind === 'synced') synced.resolve()
          if (kind === 'upsert') onPut()
        }
      })()
      running.catch(synced.reject)
      await synced.promise
      return {
        async [Symbol.asyncDispose]() {
          stop.abort()
          await running
        },
      }
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

/** etcd3 as a program uses it that has nothing above it. */
export function openEtcd3(endpoints: readonly string[]): Side {
  const client = new Etcd3({
    hosts: [...endpoints],
    grpcOptions: { 'grpc.max_receive_message_length': 256 * 1024 * 1024 },
  })
  return {
    name: 'etcd3',
    get: async (key) => (await client.get(key).string()) ?? undefined,
    put: async (key, value) => void (await client.put(key).value(value)),
    create: async (key, value) =>
      (await client.if(key, 'Create', '==', 0).then(client.put(key).value(value)).commit()).succeeded,
    txn: async ({ key, value }, keys) => {
      const puts = keys.map((each) => client.put(each).value(value))
      return (
        await client
          .if(key, 'Value', '==', value)
          .then(...puts)
          .commit()
      ).succeeded
    },
    async list(prefix) {
      const values = await client.getAll().prefix(prefix).strings()
      return { size: Object.keys(values).length, values }
    },
    async watch(prefix, onPut) {
      const watcher = await client.watch().prefix(prefix).create()
      watcher.on('put', onPut)
      return { [Symbol.asyncDispose]: () => watcher.cancel() }
    },
    async [Symbol.asyncDispose]() {
      client.close()
    },
  }
}

/** etcd's JSON gateway by Node's http, the least that a program can do: one connection, kept. */
export function openGateway(endpoint: string): Pick<Side, 'name' | 'get' | 'put'> & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const base64 = (value: string) => Buffer.from(value).toString('base64')
  async function call(path: string, body: object): Promise<unknown> {
    const answered = Promise.withResolvers<string>()
    const request = httpRequest(`${endpoint}/v3/kv/${path}`, { method: 'POST', agent }, (answer) => {
      text(answer).then(answered.resolve, answered.reject)
    })
    request.on('error', answered.reject)
    request.end(JSON.stringify(body))
    return JSON.parse(await answered.promise)
  }
  return {
    name: 'gateway',
    async get(key) {
      const answer = (await call('range', { key: base64(key) })) as { kvs?: { value: string }[] }
      const value = answer.kvs?.[0]?.value
      return value === undefined ? undefined : Buffer.from(value, 'base64').toString()
    },
    put: async (key, value) => void (await call('put', { key: base64(key), value: base64(value) })),
    [Symbol.dispose]: () => agent.destroy(),
  }
}
