export { hashOfBytes, hashOfText, type KeyBytes, keyBytesOf, textOfKey } from './key-hash.ts'
