import { KvstoreError } from './errors.ts'

/**
 * What this client writes at most. A key holds an identity's labels, hence its length; etcd refuses requests of more
 * than 1.5 MiB by default (--max-request-bytes).
 */
export const limits = { keyBytes: 64 * 1024, valueBytes: 1024 * 1024 } as const

/** Throws KVSTORE_INVALID for keys that are empty, too long, or hold a NUL character. */
export function checkKey(operation: string, key: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes > 0 && bytes <= limits.keyBytes && !key.includes('\0')) return
  throw new KvstoreError('KVSTORE_INVALID', {
    operation,
    key,
    hint: `a key has 1 to ${limits.keyBytes} bytes and no NUL character; this one has ${bytes} bytes`,
  })
}

/** Throws KVSTORE_INVALID for a value that is too long. */
export function checkValue(operation: string, key: string, value: string): void {
  const bytes = Buffer.byteLength(value)
  if (bytes <= limits.valueBytes) return
  throw new KvstoreError('KVSTORE_INVALID', {
    operation,
    key,
    hint: `a value has at most ${limits.valueBytes} bytes, this one has ${bytes}`,
  })
}
