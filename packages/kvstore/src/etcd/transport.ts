import { type Etcd3, EtcdInvalidAuthTokenError } from 'etcd3'
import { KvstoreError } from '../errors.ts'
import type {
  KvTransport,
  RangeRequest,
  RangeResult,
  TransactRequest,
  TransactResult,
  WatchBatch,
  WatchRequest,
} from '../transport.ts'
import { etcdError } from './errors.ts'
import { renewLeaseOnce } from './renew.ts'
import { compareOf, operationOf, prefixRange, rangeRequest, storedEntry } from './requests.ts'
import { WatchRefusedError, watchOnce } from './watch.ts'

/** After this time a call without an answer counts as failed. */
const requestTimeoutMs = 10_000

/** etcd's calls, one round trip each. */
export function etcdTransport(client: Etcd3, endpoints: readonly string[]): KvTransport {
  return new EtcdTransport(client, endpoints)
}

class EtcdTransport implements KvTransport {
  readonly backend = 'etcd'
  readonly location: string
  readonly #client: Etcd3

  constructor(client: Etcd3, endpoints: readonly string[]) {
    this.#client = client
    this.location = `etcd ${endpoints.join(', ')}`
  }

  range(request: RangeRequest): Promise<RangeResult> {
    return this.#named('read', request.key, async () => {
      const answer = await this.#client.kv.range(rangeRequest(request), deadline())
      return {
        entries: answer.kvs.map(storedEntry).filter((entry) => entry !== undefined),
        more: answer.more,
        revision: Number(answer.header.revision),
        historyId: answer.header.cluster_id,
      }
    })
  }

  transact({ conditions, writes }: TransactRequest): Promise<TransactResult> {
    return this.#named('write', writes[0]?.key ?? '', async () => {
      const request = { compare: conditions.map(compareOf), success: writes.map(operationOf), failure: [] }
      const { succeeded, responses, header } = await this.#client.kv.txn(request, deadline())
      const deleted = responses.reduce((sum, { response_delete_range }) => {
        return sum + Number(response_delete_range?.deleted ?? 0)
      }, 0)
      return { succeeded, revision: Number(header.revision), deleted }
    })
  }

  grantLease(ttlS: number): Promise<string> {
    return this.#named('grant lease', '', async () => {
      return (await this.#client.leaseClient.leaseGrant({ TTL: ttlS }, deadline())).ID
    })
  }

  keepLeaseAlive(leaseId: string): Promise<number> {
    return this.#named('renew lease', '', () => renewLeaseOnce(this.#client, leaseId, deadline()))
  }

  async revokeLease(leaseId: string): Promise<void> {
    try {
      await this.#named('revoke lease', '', () =>
        this.#client.leaseClient.leaseRevoke({ ID: leaseId }, deadline()),
      )
    } catch (error) {
      if (!(error instanceof KvstoreError) || error.code !== 'KVSTORE_LEASE_LOST') throw error
    }
  }

  async *watch(request: WatchRequest): AsyncGenerator<WatchBatch, void, undefined> {
    try {
      yield* watchOnce(this.#client, request, requestTimeoutMs)
    } catch (error) {
      if (request.signal.aborted) return
      if (error instanceof WatchRefusedError) await this.#assertReadable(request.prefix)
      else await this.#logInAgainAfter(error)
      throw etcdError(error, { operation: 'watch', key: request.prefix, location: this.location })
    }
  }

  close(): void {
    this.#client.close()
  }

  async #named<T>(operation: string, key: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      await this.#logInAgainAfter(error)
      throw etcdError(error, { operation, key, location: this.location })
    }
  }

  /** Rejects if the prefix may not be read, and logs in again if that is all that is missing. */
  #assertReadable(prefix: string): Promise<unknown> {
    return this.#named('watch', prefix, () =>
      this.#client.kv.range({ ...prefixRange(prefix), limit: 1, keys_only: true }, deadline()),
    )
  }

  /** A server that was restarted knows no tokens. etcd3 logs in anew for unary calls, but not for streams. */
  async #logInAgainAfter(error: unknown): Promise<void> {
    if (!(error instanceof EtcdInvalidAuthTokenError)) return
    // Any unary call does; its outcome matters only to itself.
    await this.#client.kv.range({ key: Buffer.of(0), limit: 1, keys_only: true }, deadline()).catch(() => {})
  }
}

function deadline(): { deadline: number } {
  return { deadline: Date.now() + requestTimeoutMs }
}
