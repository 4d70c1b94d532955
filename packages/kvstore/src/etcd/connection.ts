import type { Interceptor } from '@grpc/grpc-js'
import { ConsecutiveBreaker, circuitBreaker, handleWhen, noop } from 'cockatiel'
import { Etcd3, type IOptions, isRecoverableError } from 'etcd3'
import { KvstoreError } from '../errors.ts'
import { authenticate, type EtcdUser, Login } from './login.ts'
import { type TlsFiles, tlsChannelOptions } from './tls-channel.ts'

/** After this time a call without an answer counts as failed. */
export const requestTimeoutMs = 10_000

export type EtcdCredentials = Readonly<{ tls?: TlsFiles | undefined; auth?: EtcdUser | undefined }>

/** etcd3's client, and what each call has to go through; calls that name interceptors of their own add these. */
export type EtcdConnection = Readonly<{ client: Etcd3; interceptors: readonly Interceptor[] }>

/** Throws KVSTORE_INVALID for endpoints or credentials that cannot be used; connects with the first call. */
export function createConnection(
  endpoints: readonly string[],
  { tls, auth }: EtcdCredentials,
): EtcdConnection {
  for (const endpoint of endpoints) {
    if (!/^https?:\/\/[^/]+$/.test(endpoint)) throw unusable(`not an endpoint: ${endpoint}`, endpoints)
  }
  if (endpoints.length === 0) throw unusable('no endpoints', endpoints)
  const login: Login | undefined =
    auth === undefined ? undefined : new Login(() => authenticate(client, auth, requestTimeoutMs))
  const interceptors = login === undefined ? [] : [login.interceptor]
  const options: IOptions = {
    hosts: [...endpoints],
    defaultCallOptions: { interceptors: [...interceptors] },
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
  const client = newClient(options, endpoints)
  return { client, interceptors }
}

function newClient(options: IOptions, endpoints: readonly string[]): Etcd3 {
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
