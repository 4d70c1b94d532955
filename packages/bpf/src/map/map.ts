import { constants } from 'node:os'
import { ENOENT, SyscallError } from '@axoneme/syscalls'
import { BpfAttr } from '../kernel/attr.ts'
import { type BpfCommands, type BpfOperation, bpfFailure } from '../kernel/command.ts'
import { Descriptor } from '../kernel/descriptor.ts'
import { pinObject } from '../kernel/pin.ts'
import { BatchCalls } from './batch.ts'
import { checkLength, writeFailure } from './element.ts'
import { isPerCpu, type MapSpec } from './map-spec.ts'

/** `any` creates or replaces, `noexist` only creates, `exist` only replaces. */
export type UpdateMode = 'any' | 'noexist' | 'exist'

const updateFlags = { any: 0, noexist: 1, exist: 2 } as const

/** How a map's element is given and taken: keys of `keySize` bytes, values of all CPUs' bytes for per-CPU maps. */
export type MapEntry = readonly [key: Buffer, value: Buffer]

/**
 * An open map. All calls are synchronous and throw SyscallError (operation, map name, errno) unless said otherwise.
 * Keys and values are copied before the call; returned Buffers belong to the caller.
 */
export class BpfMap extends Descriptor {
  readonly id: number
  readonly spec: MapSpec
  /** Bytes of one value as the kernel copies it: for per-CPU maps of all CPUs, each rounded up to 8 bytes. */
  readonly elementSize: number
  readonly #commands: BpfCommands
  readonly #cpuStride: number
  readonly #key: Buffer
  readonly #nextKey: Buffer
  readonly #value: Buffer
  readonly #element: BpfAttr
  /** Without a value: the kernel refuses attrs with bytes that a command does not use. */
  readonly #keyOnly: BpfAttr
  readonly #next: BpfAttr
  readonly #batch: BatchCalls

  constructor(
    commands: BpfCommands,
    { fd, id, spec, cpuCount }: { fd: number; id: number; spec: MapSpec; cpuCount: number },
  ) {
    super(fd, `map ${spec.name}`)
    this.id = id
    this.spec = spec
    this.#commands = commands
    this.#cpuStride = isPerCpu(spec.type) ? Math.ceil(spec.valueSize / 8) * 8 : spec.valueSize
    this.elementSize = isPerCpu(spec.type) ? this.#cpuStride * cpuCount : spec.valueSize
    // One set of buffers per map, with their addresses resolved once: a call copies into them and is made.
    this.#key = Buffer.alloc(spec.keySize)
    this.#nextKey = Buffer.alloc(spec.keySize)
    this.#value = Buffer.alloc(this.elementSize)
    this.#element = new BpfAttr(32).u32(0, fd).pointer(8, this.#key).pointer(16, this.#value)
    this.#keyOnly = new BpfAttr(16).u32(0, fd).pointer(8, this.#key)
    this.#next = new BpfAttr(24).u32(0, fd).pointer(8, this.#key).pointer(16, this.#nextKey)
    this.#batch = new BatchCalls(commands, this)
  }

  get name(): string {
    return this.spec.name
  }

  /** The value, for a per-CPU map the values of all CPUs one after the other; undefined when there is none. */
  lookup(key: Uint8Array): Buffer | undefined {
    this.#setKey(key)
    const result = this.#call('map_lookup')
    if (result === -ENOENT) return undefined
    if (result < 0) throw this.#failure('map_lookup', -result)
    return Buffer.from(this.#value)
  }

  /** One value of `valueSize` bytes per possible CPU. */
  lookupPerCpu(key: Uint8Array): Buffer[] | undefined {
    const value = this.lookup(key)
    return value === undefined ? undefined : this.splitPerCpu(value)
  }

  /** A value as `lookup` or `entries` gives it, cut into one Buffer per possible CPU. */
  splitPerCpu(value: Buffer): Buffer[] {
    const count = value.length / this.#cpuStride
    return Array.from({ length: count }, (_, cpu) =>
      value.subarray(cpu * this.#cpuStride, cpu * this.#cpuStride + this.spec.valueSize),
    )
  }

  /** Throws MapFullError when there is no room, SyscallError EEXIST for `noexist`, ENOENT for `exist`. */
  update(key: Uint8Array, value: Uint8Array, mode: UpdateMode = 'any'): void {
    this.#setKey(key)
    checkLength(this.spec, 'value', value, this.elementSize)
    this.#value.set(value)
    const result = this.#call('map_update', updateFlags[mode])
    if (result < 0) throw this.#failure('map_update', -result)
  }

  /** False when there was no such key. */
  delete(key: Uint8Array): boolean {
    this.#setKey(key)
    const result = this.#call('map_delete')
    if (result === -ENOENT) return false
    if (result < 0) throw this.#failure('map_delete', -result)
    return true
  }

  /** Sets the program that a tail call through this prog_array at `index` runs. */
  setProgram(index: number, program: { fd: number }): void {
    this.update(u32(index), u32(program.fd))
  }

  /**
   * All entries. Not a snapshot: an entry that comes or goes meanwhile may or may not be seen, but each key is seen
   * once, and deleting what was yielded is safe.
   */
  *entries(): Generator<MapEntry, void, undefined> {
    if (yield* this.#batch.entries('map_lookup_batch')) return
    for (const key of this.#walkKeys()) {
      const value = this.lookup(key)
      if (value !== undefined) yield [key, value]
    }
  }

  /** Creates or replaces all. On MapFullError and other failures the first part of the entries may be in the map. */
  updateBatch(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): void {
    if (this.#batch.update(entries)) return
    for (const [key, value] of entries) this.update(key, value)
  }

  /** Deletes all; keys that are not there are skipped. Returns how many were. */
  deleteBatch(keys: readonly Uint8Array[]): number {
    let deleted = 0
    const rest = this.#batch.delete(keys, (count) => {
      deleted += count
    })
    for (const key of rest) deleted += this.delete(key) ? 1 : 0
    return deleted
  }

  /**
   * Takes all entries out of the map, in chunks: each yielded entry is deleted already. Throws SyscallError
   * EOPNOTSUPP where the kernel has no such call for this map type.
   */
  *lookupAndDeleteBatch(): Generator<MapEntry, void, undefined> {
    const operation = 'map_lookup_and_delete_batch'
    if (yield* this.#batch.entries(operation)) return
    throw new SyscallError(`bpf ${operation}`, this.name, constants.errno.EOPNOTSUPP, {
      hint: `the kernel has no such call for a ${this.spec.type}: read and delete instead`,
    })
  }

  /** Makes the map survive this process. Throws SyscallError EEXIST when the path is taken. */
  pin(path: string): void {
    pinObject(this.#commands, this.fd, path)
  }

  /** User space can change nothing any more; the verifier then takes a read-only map's bytes for constants. */
  freeze(): void {
    this.#commands.run('map_freeze', this.name, new BpfAttr(4).u32(0, this.fd).bytes)
  }

  *#walkKeys(): Generator<Buffer, void, undefined> {
    const seen = new Set<string>()
    // The key to start behind is asked for before the yield, so that the consumer may delete the yielded one. When it
    // goes by other hands the kernel starts from the beginning, hence `seen` and the bound.
    let key = this.#keyAfter(undefined)
    for (let steps = 0; key !== undefined && steps < this.spec.maxEntries * 4 + 64; steps++) {
      const following = this.#keyAfter(key)
      const id = key.toString('latin1')
      if (!seen.has(id)) {
        seen.add(id)
        yield key
      }
      key = following
    }
  }

  #keyAfter(key: Buffer | undefined): Buffer | undefined {
    if (key !== undefined) this.#key.set(key)
    const attr = key === undefined ? this.#firstKeyAttr() : this.#next.bytes
    const result = this.#commands.try('map_next_key', this.name, attr)
    if (result === -ENOENT) return undefined
    if (result < 0) throw this.#failure('map_next_key', -result)
    return Buffer.from(this.#nextKey)
  }

  #firstKeyAttr(): Buffer {
    return new BpfAttr(24).u32(0, this.fd).pointer(16, this.#nextKey).bytes
  }

  #setKey(key: Uint8Array): void {
    checkLength(this.spec, 'key', key, this.spec.keySize)
    this.#key.set(key)
  }

  #call(operation: 'map_lookup' | 'map_update' | 'map_delete', flags = 0): number {
    // `fd` throws when the map is closed: its number may be another object's by now.
    const attr = operation === 'map_delete' ? this.#keyOnly : this.#element.u32(24, flags)
    return this.#commands.try(operation, this.name, attr.u32(0, this.fd).bytes)
  }

  #failure(operation: BpfOperation, errno: number): Error {
    return operation === 'map_update'
      ? writeFailure(this.spec, operation, errno)
      : bpfFailure(operation, this.name, errno)
  }
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}
