// The global of this name is a getter, which costs more than what is asked of it.
import { Buffer } from 'node:buffer'

/** The same bytes with Node's methods: no copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
