import { hasCode, KvstoreError } from '../errors.ts'
import type {
  KvTransport,
  RangeRequest,
  RangeResult,
  TransactRequest,
  TransactResult,
  WatchBatch,
  WatchRequest,
} from '../transport.ts'
import { requestTimeoutMs } from './connection.ts'
import { etcdError } from './errors.ts'
import { renewLeaseOnce } from './renew.ts'
import { compareOf, operationOf, prefixRange, putRequest, rangeRequest, storedEntry } from './requests.ts'
import type { RotatingConnection } from './rotating-connection.ts'
import { WatchRefusedError, watchOnce } from './watch.ts'

/** Whoever waited longer than this had its chance, and its caller decides. */
const failoverWithinMs = 2_000

/** etcd's calls, one round trip each. */
export function etcdTransport(connection: RotatingConnection, endpoints: readonly string[]): KvTransport {
  return new EtcdTransport(connection, endpoints)
}

class EtcdTransport implements KvTransport {
  readonly backend = 'etcd'
  readonly location: string
  readonly #connection: RotatingConnection
  readonly #endpoints: readonly string[]

  constructor(connection: RotatingConnection, endpoints: readonly string[]) {
    this.#connection = connection
    this.#endpoints = endpoints
    this.location = `etcd ${endpoints.join(', ')}`
  }

  range(request: RangeRequest): Promise<RangeResult> {
    return this.#failingOver('read', request.key, async () => {
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
      const [only] = writes
      if (conditions.length === 0 && writes.length === 1 && only?.kind === 'put') {
        // The same, and cheaper for etcd than a transaction of one.
        const { header } = await this.#client.kv.put(putRequest(only), deadline())
        return { succeeded: true, revision: Number(header.revision), deleted: 0 }
      }
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
    return this.#failingOver('renew lease', '', () => renewLeaseOnce(this.#client, leaseId, deadline()))
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
      yield* watchOnce(this.#connection.current, request, requestTimeoutMs)
    } catch (error) {
      if (request.signal.aborted) return
      if (error instanceof WatchRefusedError) await this.#assertReadable(request.prefix)
      throw etcdError(error, { operation: 'watch', key: request.prefix, location: this.location })
    }
  }

  close(): void {
    this.#connection[Symbol.dispose]()
  }

  /** For calls that may be done twice: a member that does not answer at once is passed over. */
  async #failingOver<T>(operation: string, key: string, call: () => Promise<T>): Promise<T> {
    const startedMs = performance.now()
    for (let others = this.#endpoints.length - 1; ; others--) {
      try {
        return await this.#named(operation, key, call)
      } catch (error) {
        const waitedMs = performance.now() - startedMs
        if (others <= 0 || waitedMs > failoverWithinMs || !hasCode(error, 'KVSTORE_UNAVAILABLE')) throw error
      }
    }
  }

  async #named<T>(operation: string, key: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      throw etcdError(error, { operation, key, location: this.location })
    }
  }

  /** Rejects if the prefix may not be read, and has the client log in again if that is all that is missing. */
  #assertReadable(prefix: string): Promise<unknown> {
    return this.#named('watch', prefix, () =>
      this.#client.kv.range({ ...prefixRange(prefix), limit: 1, keys_only: true }, deadline()),
    )
  }

  get #client() {
    return this.#connection.current.client
  }
}

function deadline(): { deadline: number } {
  return { deadline: Date.now() + requestTimeoutMs }
}
