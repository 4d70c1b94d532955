import type { KeyBytes } from './key-hash.ts'

/** Finds rows by the hashes of their keys, which are ASCII: of the keys nothing is made. */
export type RowsByHash<Row> = Readonly<{
  hashOf(key: KeyBytes): number
  /** The row that `find` would look at first; maybe one with another hash. */
  guess(hash: number): Row | undefined
  /** The row with this hash that is meant; `isIt` must be false for those of other keys. */
  find(hash: number, isIt: (row: Row) => boolean): Row | undefined
}>
