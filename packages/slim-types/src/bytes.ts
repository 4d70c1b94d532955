// The global of this name is a getter, which costs more than what is asked of it.
import { Buffer } from 'node:buffer'

/** The same bytes with Node's methods: no copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The same bytes, for words of several of them. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Whether the bytes from `start` on begin with `text`; false for text that is not ASCII. */
export function isAsciiAt(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127 || code !== bytes[start + i]) return false
  }
  return true
}
