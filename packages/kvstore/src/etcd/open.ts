import { type Period, retry, sharedIntervals } from '@axoneme/backoff'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { KvClient } from '../client.ts'
import { KvstoreError } from '../errors.ts'
import type { Observe, ObserveWatch } from '../observe.ts'
import type { QuorumError } from '../quorum.ts'
import type { RateLimit } from '../rate-limiter.ts'
import type { KvStatus, Kvstore } from '../types.ts'
import { askEndpoint } from './ask-endpoint.ts'
import { type EtcdCredentialFiles, readCredentials } from './credential-files.ts'
import { EndpointChecks, type EndpointPeriods } from './endpoint-checks.ts'
import type { KvEndpoint } from './endpoint-state.ts'
import type { EtcdUser } from './login.ts'
import { RotatingConnection } from './rotating-connection.ts'
import type { TlsFiles } from './tls-channel.ts'
import { etcdTransport } from './transport.ts'

export type EtcdKvstoreOptions = Readonly<{
  /** `http://host:port` or `https://host:port`, not mixed. */
  endpoints: readonly string[]
  /** PEM. Without it https endpoints are checked against the system's authorities. */
  tls?: TlsFiles
  auth?: EtcdUser
  /** Instead of `tls` and `auth`: read at the start, and again and again, because files are rotated. */
  credentialFiles?: EtcdCredentialFiles
  /** How often they are read; 30 s by default. */
  credentialPeriod?: Period
  /** 900 by default, as Cilium's. */
  leaseTtlS?: number
  log: Logger
  observe?: Observe
  /** Hears of each change that a watch tells of. */
  observeWatch?: ObserveWatch
  rateLimit?: RateLimit
  random?: () => number
  /** Told of each change between reachable and not, also while opening. */
  onStatus?: (status: KvStatus) => void
  /** How often the store's quorum is asked for when nothing else did; as `sharedIntervals` says by default. */
  quorumPeriod?: Period
  /** How many share the store: they ask more rarely then. */
  nodeCount?: () => number
  /** Told of each such probe that most members did not confirm. */
  onQuorumError?: (error: QuorumError) => void
  /** Told how each endpoint is, from the start on, each time they were asked. Without it nobody asks them. */
  onEndpoints?: (endpoints: readonly KvEndpoint[]) => void
  /** How often they are asked; as `sharedIntervals` says by default. */
  endpointPeriods?: EndpointPeriods
  /** Ends the attempts to connect. */
  signal: AbortSignal
}>

/**
 * Connects to etcd (v3 API, 3.4 or later). Resolves once a lease was granted; until then it tries again with backoff,
 * says so in the log and by `onStatus`, and gives up only when `signal` aborts. Rejects at once on unusable options.
 */
export async function openEtcdKvstore(options: EtcdKvstoreOptions): Promise<Kvstore> {
  const { endpoints, leaseTtlS = 900, log, observe, rateLimit, random, signal } = options
  signal.throwIfAborted()
  if (!Number.isInteger(leaseTtlS) || leaseTtlS < 1) throw notALeaseTime(leaseTtlS)
  const { credentialFiles, tls, auth } = options
  const connection =
    credentialFiles === undefined
      ? new RotatingConnection(endpoints, { tls, auth })
      : await followFiles(credentialFiles, options)
  const transport = etcdTransport(connection, endpoints)
  const { quorumPeriod, nodeCount, onQuorumError, observeWatch } = options
  const checks = startEndpointChecks(connection, options)
  const onStatus = (status: KvStatus) => {
    checks?.storeAnswers(status.connected)
    options.onStatus?.(status)
  }
  const rules = { leaseTtlS, rateLimit, quorumPeriod, nodeCount, random }
  const store = new KvClient({ transport, ...rules, log, observe, observeWatch, onStatus, onQuorumError })
  try {
    await store.start(signal)
    return store
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

function startEndpointChecks(
  connection: RotatingConnection,
  {
    endpoints,
    onEndpoints,
    endpointPeriods: periods,
    nodeCount,
    log,
    random = Math.random,
  }: EtcdKvstoreOptions,
): EndpointChecks | undefined {
  if (onEndpoints === undefined) return undefined
  const ask = (endpoint: string) => askEndpoint(endpoint, connection.credentials)
  const checks = new EndpointChecks({ endpoints, ask, onEndpoints, periods, nodeCount, random, log })
  void checks.run(connection.closed)
  return checks
}

async function followFiles(
  files: EtcdCredentialFiles,
  { endpoints, credentialPeriod, log, random = Math.random, onStatus, signal }: EtcdKvstoreOptions,
): Promise<RotatingConnection> {
  const credentials = await retry(() => readCredentials(files), {
    ...sharedIntervals.kvstoreCredentialsRetry.retry,
    signal,
    onRetry(error) {
      log.warn('credentials unusable, retrying', { error: describeError(error) })
      onStatus?.({ backend: 'etcd', connected: false, detail: describeError(error), leaseId: '' })
    },
  })
  const connection = new RotatingConnection(endpoints, credentials)
  void connection.follow({
    readCredentials: () => readCredentials(files),
    period: credentialPeriod,
    log,
    random,
  })
  return connection
}

function notALeaseTime(leaseTtlS: number): KvstoreError {
  const hint = `a lease has a whole number of seconds, at least 1, not ${leaseTtlS}`
  return new KvstoreError('KVSTORE_INVALID', { operation: 'open', key: '', hint })
}
