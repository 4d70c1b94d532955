export { hashOfBytes, hashOfText, type KeyBytes, keyBytesOf, textOfKey } from './key-hash.ts'
export type { RowsByHash } from './rows-by-hash.ts'
