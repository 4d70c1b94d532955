import type { Logger } from '@axoneme/log'
import { ConsecutiveBreaker, circuitBreaker, handleWhen, noop } from 'cockatiel'
import { Etcd3, type IOptions, isRecoverableError } from 'etcd3'
import { KvClient } from '../client.ts'
import { KvstoreError } from '../errors.ts'
import type { Observe } from '../observe.ts'
import type { RateLimit } from '../rate-limiter.ts'
import type { KvStatus, Kvstore } from '../types.ts'
import { type TlsFiles, tlsChannelOptions } from './tls-channel.ts'
import { etcdTransport } from './transport.ts'

export type EtcdKvstoreOptions = Readonly<{
  /** `http://host:port` or `https://host:port`, not mixed. */
  endpoints: readonly string[]
  /** PEM. Without it https endpoints are checked against the system's authorities. */
  tls?: TlsFiles
  auth?: Readonly<{ username: string; password: string }>
  /** 900 by default, as Cilium's. */
  leaseTtlS?: number
  log: Logger
  observe?: Observe
  rateLimit?: RateLimit
  random?: () => number
  /** Told of each change between reachable and not, also while opening. */
  onStatus?: (status: KvStatus) => void
  /** Ends the attempts to connect. */
  signal: AbortSignal
}>

/**
 * Connects to etcd (v3 API, 3.4 or later). Resolves once a lease was granted; until then it tries again with backoff,
 * says so in the log and by `onStatus`, and gives up only when `signal` aborts. Rejects at once on unusable options.
 */
export async function openEtcdKvstore(options: EtcdKvstoreOptions): Promise<Kvstore> {
  const { endpoints, leaseTtlS = 900, log, observe, rateLimit, random, onStatus, signal } = options
  signal.throwIfAborted()
  const transport = etcdTransport(createEtcdClient(options), endpoints)
  const store = new KvClient({ transport, leaseTtlS, log, observe, rateLimit, random, onStatus })
  try {
    await store.start(signal)
    return store
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

function createEtcdClient({ endpoints, tls, auth, leaseTtlS = 900 }: EtcdKvstoreOptions): Etcd3 {
  for (const endpoint of endpoints) {
    if (!/^https?:\/\/[^/]+$/.test(endpoint)) throw unusable(`not an endpoint: ${endpoint}`, endpoints)
  }
  if (endpoints.length === 0) throw unusable('no endpoints', endpoints)
  if (!Number.isInteger(leaseTtlS) || leaseTtlS < 1)
    throw unusable(`not a lease time: ${leaseTtlS}`, endpoints)
  const options: IOptions = {
    hosts: [...endpoints],
    grpcOptions: {
      ...(endpoints[0]?.startsWith('https:') === true ? tlsChannelOptions(tls) : {}),
      // etcd allows a ping each 5 s (--grpc-keepalive-min-time).
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 3_000,
      // A page of the largest values that etcd accepts; larger answers are read in smaller pages.
      'grpc.max_receive_message_length': 256 * 1024 * 1024,
    },
    faultHandling: {
      // A write that is repeated without the caller's knowledge can contradict its own first attempt.
      global: noop,
      // Passes over a member that failed; a single one is always asked.
      host: () =>
        endpoints.length === 1
          ? noop
          : circuitBreaker(handleWhen(isRecoverableError), {
              halfOpenAfter: 2_000,
              breaker: new ConsecutiveBreaker(2),
            }),
    },
  }
  if (auth !== undefined) options.auth = { ...auth }
  if (tls !== undefined) {
    options.credentials = {
      rootCertificate: tls.ca,
      ...(tls.key === undefined ? {} : { privateKey: tls.key }),
      ...(tls.cert === undefined ? {} : { certChain: tls.cert }),
    }
  }
  try {
    return new Etcd3(options)
  } catch (error) {
    throw unusable('the etcd options are unusable', endpoints, error)
  }
}

function unusable(what: string, endpoints: readonly string[], cause?: unknown): KvstoreError {
  const hint = `${what}; endpoints are http://host:port or https://host:port, here: ${endpoints.join(', ') || 'none'}`
  return new KvstoreError('KVSTORE_INVALID', {
    operation: 'open',
    key: '',
    hint,
    ...(cause === undefined ? {} : { cause }),
  })
}
