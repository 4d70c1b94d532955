import { EINVAL, ENOENT, ENOSPC } from '@axoneme/syscalls'
import { BpfAttr } from '../kernel/attr.ts'
import { type BpfCommands, bpfFailure } from '../kernel/command.ts'
import { checkLength, writeFailure } from './element.ts'
import type { BpfMap, MapEntry } from './map.ts'
import type { MapType } from './map-spec.ts'

type ReadOperation = 'map_lookup_batch' | 'map_lookup_and_delete_batch'
type BatchOperation = ReadOperation | 'map_update_batch' | 'map_delete_batch'

/** The kernel's own ENOTSUPP, which libc has no name for. */
const ENOTSUPP = 524
const chunkBytes = 256 * 1024
const maxChunkEntries = 4096

const batchedTypes: ReadonlySet<MapType> = new Set([
  'hash',
  'lru_hash',
  'percpu_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'array',
  'percpu_array',
] as const)

/** The batch commands of one map. Which of them the kernel has for its type is learnt from the first refusal. */
export class BatchCalls {
  readonly #commands: BpfCommands
  readonly #map: BpfMap
  readonly #refused = new Set<BatchOperation>()

  constructor(commands: BpfCommands, map: BpfMap) {
    this.#commands = commands
    this.#map = map
  }

  /** Yields all entries and returns true; yields nothing and returns false when the kernel refuses the operation. */
  *entries(operation: ReadOperation): Generator<MapEntry, boolean, undefined> {
    if (!this.#isSupported(operation)) return false
    const chunks = this.#chunks(operation)
    // A trie is read on behind the last key of a chunk, which must not be deleted before: stay one chunk ahead.
    let current = chunks.next()
    while (!current.done) {
      const following = operation === 'map_lookup_batch' ? chunks.next() : undefined
      yield* current.value
      current = following ?? chunks.next()
    }
    return current.value
  }

  *#chunks(operation: ReadOperation): Generator<MapEntry[], boolean, undefined> {
    const { spec, elementSize } = this.#map
    // The cursor is a bucket number or a key, whichever the map type uses.
    const cursor = Buffer.alloc(Math.max(4, spec.keySize))
    let capacity = this.#chunkSize()
    for (let first = true; ; ) {
      const keys = Buffer.allocUnsafeSlow(capacity * spec.keySize)
      const values = Buffer.allocUnsafeSlow(capacity * elementSize)
      const attr = this.#attr(keys, values, capacity).pointer(8, cursor)
      if (!first) attr.pointer(0, cursor)
      const result = this.#commands.try(operation, spec.name, attr.bytes)
      if (first && this.#isRefusal(operation, result)) return false
      if (result === -ENOSPC) {
        // One bucket holds more than the buffers; nothing was taken.
        capacity *= 2
        continue
      }
      if (result < 0 && result !== -ENOENT) throw bpfFailure(operation, spec.name, -result)
      yield this.#split(keys, values, attr.bytes.readUInt32LE(32))
      if (result === -ENOENT) return true
      first = false
    }
  }

  /** True when all were written, false when the kernel has no batch update for this map. */
  update(entries: readonly (readonly [Uint8Array, Uint8Array])[]): boolean {
    const operation = 'map_update_batch'
    if (!this.#isSupported(operation)) return false
    const { spec, elementSize } = this.#map
    const size = this.#chunkSize()
    for (let start = 0; start < entries.length; start += size) {
      const chunk = entries.slice(start, start + size)
      const keys = this.#packKeys(chunk.map(([key]) => key))
      const values = Buffer.allocUnsafeSlow(chunk.length * elementSize)
      chunk.forEach(([, value], index) => {
        checkLength(spec, 'value', value, elementSize)
        values.set(value, index * elementSize)
      })
      const attr = this.#attr(keys, values, chunk.length)
      const result = this.#commands.try(operation, spec.name, attr.bytes)
      if (start === 0 && this.#isRefusal(operation, result)) return false
      if (result < 0) throw writeFailure(spec, operation, -result)
    }
    return true
  }

  /** Deletes keys and reports how many were there. Returns the keys that must be deleted one by one. */
  delete(keys: readonly Uint8Array[], onDeleted: (count: number) => void): readonly Uint8Array[] {
    const operation = 'map_delete_batch'
    if (!this.#isSupported(operation)) return keys
    const size = this.#chunkSize()
    for (let start = 0; start < keys.length; start += size) {
      const count = Math.min(size, keys.length - start)
      const packed = this.#packKeys(keys.slice(start, start + count))
      for (let done = 0; done < count; ) {
        const attr = this.#attr(packed.subarray(done * this.#map.spec.keySize), Buffer.alloc(0), count - done)
        const result = this.#commands.try(operation, this.#map.name, attr.bytes)
        if (this.#isRefusal(operation, result)) return keys.slice(start)
        if (result < 0 && result !== -ENOENT) throw bpfFailure(operation, this.#map.name, -result)
        const deleted = attr.bytes.readUInt32LE(32)
        onDeleted(deleted)
        // The kernel stops at a key that is not there; go on behind it.
        done += deleted + (result === -ENOENT ? 1 : 0)
      }
    }
    return []
  }

  #isSupported(operation: BatchOperation): boolean {
    return batchedTypes.has(this.#map.spec.type) && !this.#refused.has(operation)
  }

  /** ENOTSUPP: not for this map type. EINVAL: a kernel before this command (or before it for this type). */
  #isRefusal(operation: BatchOperation, result: number): boolean {
    const refused = result === -ENOTSUPP || result === -EINVAL
    if (refused) this.#refused.add(operation)
    return refused
  }

  /** `struct { in_batch, out_batch, keys, values, count, map_fd, elem_flags, flags }` of `union bpf_attr`. */
  #attr(keys: Buffer, values: Buffer, count: number): BpfAttr {
    return new BpfAttr(56).pointer(16, keys).pointer(24, values).u32(32, count).u32(36, this.#map.fd)
  }

  #chunkSize(): number {
    const { spec, elementSize } = this.#map
    const fitting = Math.floor(chunkBytes / (spec.keySize + elementSize))
    return Math.max(1, Math.min(fitting, maxChunkEntries, spec.maxEntries))
  }

  #packKeys(keys: readonly Uint8Array[]): Buffer {
    const { spec } = this.#map
    const packed = Buffer.allocUnsafeSlow(keys.length * spec.keySize)
    keys.forEach((key, index) => {
      checkLength(spec, 'key', key, spec.keySize)
      packed.set(key, index * spec.keySize)
    })
    return packed
  }

  #split(keys: Buffer, values: Buffer, count: number): MapEntry[] {
    const { spec, elementSize } = this.#map
    return Array.from({ length: count }, (_, index) => [
      keys.subarray(index * spec.keySize, (index + 1) * spec.keySize),
      values.subarray(index * elementSize, (index + 1) * elementSize),
    ])
  }
}
