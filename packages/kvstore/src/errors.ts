import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'

export type KvstoreErrorCode =
  /** The store did not answer, or answered that it cannot serve now. The outcome of a write is unknown. */
  | 'KVSTORE_UNAVAILABLE'
  /** The client's lease is gone; nothing was written. */
  | 'KVSTORE_LEASE_LOST'
  /** The lock through which was written is no longer held; nothing was written. */
  | 'KVSTORE_LOCK_LOST'
  /** The asked-for history is gone: list again. */
  | 'KVSTORE_COMPACTED'
  /** An answer or the database is larger than its limit. */
  | 'KVSTORE_EXHAUSTED'
  /** Credentials are missing, wrong or not sufficient. */
  | 'KVSTORE_DENIED'
  /** A key or value that this client does not write. */
  | 'KVSTORE_INVALID'
  | 'KVSTORE_CLOSED'
  | 'KVSTORE_FAILED'

const retryableCodes: ReadonlySet<KvstoreErrorCode> = new Set([
  'KVSTORE_UNAVAILABLE',
  'KVSTORE_LEASE_LOST',
  'KVSTORE_LOCK_LOST',
  'KVSTORE_COMPACTED',
  'KVSTORE_EXHAUSTED',
])

export class KvstoreError extends CodedError {
  override readonly code: KvstoreErrorCode
  readonly operation: string
  /** The key or prefix that the operation was about; empty when about none. */
  readonly key: string

  constructor(
    code: KvstoreErrorCode,
    { operation, key, ...options }: CodedErrorOptions & { operation: string; key: string },
  ) {
    super(code, `kvstore ${operation}${key === '' ? '' : ` ${shorten(key)}`}: ${meaning[code]}`, {
      retryable: retryableCodes.has(code),
      ...options,
    })
    this.code = code
    this.operation = operation
    this.key = key
  }
}

export function hasCode(error: unknown, code: KvstoreErrorCode): boolean {
  return error instanceof KvstoreError && error.code === code
}

const meaning: Record<KvstoreErrorCode, string> = {
  KVSTORE_UNAVAILABLE: 'no answer',
  KVSTORE_LEASE_LOST: 'the lease is gone',
  KVSTORE_LOCK_LOST: 'the lock is no longer held',
  KVSTORE_COMPACTED: 'the history is gone',
  KVSTORE_EXHAUSTED: 'a size limit was hit',
  KVSTORE_DENIED: 'access denied',
  KVSTORE_INVALID: 'refused',
  KVSTORE_CLOSED: 'the client is closed',
  KVSTORE_FAILED: 'failed',
}

function shorten(key: string): string {
  return key.length <= 200 ? key : `${key.slice(0, 200)}... (${key.length} characters)`
}
