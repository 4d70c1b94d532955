import {
  ClientClosedError,
  EtcdAuthenticationFailedError,
  EtcdInvalidAuthTokenError,
  EtcdLeaseInvalidError,
  EtcdPermissionDeniedError,
  EtcdUserNotFoundError,
  GRPCInvalidArgumentError,
  GRPCOutOfRangeError,
  GRPCResourceExhastedError,
  GRPCUnauthenticatedError,
  isRecoverableError,
} from 'etcd3'
import { KvstoreError, type KvstoreErrorCode } from '../errors.ts'

const codes: readonly (readonly [abstract new (...args: never[]) => Error, KvstoreErrorCode])[] = [
  [ClientClosedError, 'KVSTORE_CLOSED'],
  [EtcdLeaseInvalidError, 'KVSTORE_LEASE_LOST'],
  // The only out-of-range answers that our requests can get are "compacted" and "future revision".
  [GRPCOutOfRangeError, 'KVSTORE_COMPACTED'],
  [GRPCResourceExhastedError, 'KVSTORE_EXHAUSTED'],
  [GRPCInvalidArgumentError, 'KVSTORE_INVALID'],
  [EtcdPermissionDeniedError, 'KVSTORE_DENIED'],
  [EtcdAuthenticationFailedError, 'KVSTORE_DENIED'],
  [EtcdUserNotFoundError, 'KVSTORE_DENIED'],
  [GRPCUnauthenticatedError, 'KVSTORE_DENIED'],
  [EtcdInvalidAuthTokenError, 'KVSTORE_UNAVAILABLE'],
]

/** The KvstoreError for whatever etcd3 or gRPC threw. */
export function etcdError(
  cause: unknown,
  { operation, key, location }: { operation: string; key: string; location: string },
): KvstoreError {
  if (cause instanceof KvstoreError) return cause
  const code = codeOf(cause)
  const hints: Partial<Record<KvstoreErrorCode, string>> = {
    KVSTORE_UNAVAILABLE: `is etcd running and reachable at ${location}?`,
    KVSTORE_DENIED: `check the user, password and roles for ${location}`,
    KVSTORE_EXHAUSTED: `check the database quota and alarms of ${location} (etcdctl alarm list)`,
  }
  const hint = hints[code]
  return new KvstoreError(code, { operation, key, cause, ...(hint === undefined ? {} : { hint }) })
}

function codeOf(cause: unknown): KvstoreErrorCode {
  for (const [type, code] of codes) if (cause instanceof type) return code
  if (!(cause instanceof Error)) return 'KVSTORE_FAILED'
  // A circuit that is open after failures of its host is the host being away.
  if (isRecoverableError(cause) || 'isBrokenCircuitError' in cause) return 'KVSTORE_UNAVAILABLE'
  return 'KVSTORE_FAILED'
}
