import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MapFullError, MapShapeError } from '../errors.ts'
import type { BpfEvent } from '../kernel/command.ts'
import { type BpfKernel, openBpfKernel } from '../kernel.ts'
import { isRoot, type TemporaryPath, temporaryBpffs } from '../testing.ts'
import { countCpus, possibleCpuCount } from './cpus.ts'
import type { BpfMap } from './map.ts'
import { type MapSpec, type MapType, mapFlags } from './map-spec.ts'

const spec: MapSpec = { name: 'test_map', type: 'hash', keySize: 4, valueSize: 8, maxEntries: 1000, flags: 0 }

it.each([
  ['0\n', 1],
  ['0-3\n', 4],
  ['0-3,8-11\n', 12],
])('counts the CPUs of %j', (list, count) => {
  expect(countCpus(list)).toBe(count)
})

describe.runIf(isRoot)('BpfMap', () => {
  let kernel: BpfKernel
  let events: BpfEvent[]
  let opened: DisposableStack
  beforeEach(() => {
    events = []
    kernel = openBpfKernel({ observe: (event) => events.push(event) })
    opened = new DisposableStack()
  })
  afterEach(() => opened.dispose())
  const create = (change: Partial<MapSpec> = {}) => opened.use(kernel.createMap({ ...spec, ...change }))

  it('is what bpftool shows', () => {
    const map = create({ type: 'lru_hash', name: 'a name, too long' })
    map.update(u32(1), u64(2n))
    const shown = JSON.parse(
      execFileSync('bpftool', ['-j', 'map', 'show', 'id', String(map.id)], { encoding: 'utf8' }),
    )
    expect(shown).toMatchObject({
      type: 'lru_hash',
      name: 'a_name__too_lon',
      bytes_key: 4,
      bytes_value: 8,
      max_entries: 1000,
    })
    const dump = JSON.parse(
      execFileSync('bpftool', ['-j', 'map', 'dump', 'id', String(map.id)], { encoding: 'utf8' }),
    )
    expect(dump).toMatchObject([{ key: ['0x01', '0x00', '0x00', '0x00'] }])
  })

  it('writes, reads and deletes', () => {
    const map = create()
    expect(map.lookup(u32(1))).toBeUndefined()
    map.update(u32(1), u64(10n))
    expect(map.lookup(u32(1))).toEqual(u64(10n))
    map.update(new Uint8Array(u32(1)), new Uint8Array(u64(11n)), 'exist')
    expect(map.lookup(u32(1))).toEqual(u64(11n))
    expect(() => map.update(u32(1), u64(12n), 'noexist')).toThrow(expect.objectContaining({ code: 'EEXIST' }))
    expect(() => map.update(u32(2), u64(12n), 'exist')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    expect(map.delete(u32(1))).toBe(true)
    expect(map.delete(u32(1))).toBe(false)
    expect([...map.entries()]).toEqual([])
  })

  it('hands out values that later calls do not change', () => {
    const map = create()
    map.update(u32(1), u64(1n))
    const value = map.lookup(u32(1))
    map.update(u32(1), u64(2n))
    map.lookup(u32(1))
    expect(value).toEqual(u64(1n))
  })

  it('refuses keys and values of another size', () => {
    const map = create()
    expect(() => map.lookup(Buffer.alloc(3))).toThrow('map test_map: a key of 3 bytes instead of 4')
    expect(() => map.update(u32(1), Buffer.alloc(9))).toThrow('map test_map: a value of 9 bytes instead of 8')
    expect(() => map.updateBatch([[u32(1), Buffer.alloc(7)]])).toThrow(RangeError)
    expect(() => map.deleteBatch([Buffer.alloc(5)])).toThrow(RangeError)
  })

  const fullTypes: [MapType, Partial<MapSpec>][] = [
    ['hash', {}],
    ['lpm_trie', { keySize: 8, flags: mapFlags.noPrealloc }],
  ]
  it.each(fullTypes)('says that a %s is full', (type, change) => {
    const map = create({ type, maxEntries: 2, ...change })
    const key = (value: number) => (type === 'hash' ? u32(value) : Buffer.concat([u32(32), u32(value)]))
    const fill = () => {
      for (const value of [1, 2, 3]) map.update(key(value), u64(0n))
    }
    const error = failureOf(fill)
    expect(error).toBeInstanceOf(MapFullError)
    expect(error).toMatchObject({ code: 'BPF_MAP_FULL', retryable: true, map: 'test_map', maxEntries: 2 })
    expect((error as MapFullError).hint).toContain('test_map above 2')
    const batch = () => map.updateBatch([3, 4].map((value) => [key(value), u64(0n)] as const))
    expect(failureOf(batch)).toBeInstanceOf(MapFullError)
    expect(map.delete(key(1))).toBe(true)
    map.update(key(3), u64(0n))
  })

  it('says that an array has no such index', () => {
    const map = create({ type: 'array', maxEntries: 2 })
    expect(failureOf(() => map.update(u32(2), u64(0n)))).toMatchObject({
      code: 'E2BIG',
      hint: 'indexes of map test_map are below 2',
    })
  })

  describe('reads and writes many entries', () => {
    const types: [MapType, Partial<MapSpec>][] = [
      ['hash', {}],
      ['lru_hash', { maxEntries: 20_000 }],
      ['lpm_trie', { keySize: 8, flags: mapFlags.noPrealloc }],
      ['array', {}],
    ]
    for (const [type, change] of types) {
      const count = 9000
      const key = (index: number) => (type === 'lpm_trie' ? Buffer.concat([u32(32), u32(index)]) : u32(index))
      const indexOf = (bytes: Buffer) => bytes.readUInt32LE(bytes.length - 4)
      const fill = () => {
        const map = create({ type, maxEntries: count, ...change })
        map.updateBatch(
          Array.from({ length: count }, (_, index) => [key(index), u64(BigInt(index) + 7n)] as const),
        )
        return map
      }

      it(`of a ${type}, by batches`, () => {
        const map = fill()
        const seen = [...map.entries()].map(([key, value]) => [indexOf(key), Number(value.readBigUInt64LE())])
        seen.sort(([a = 0], [b = 0]) => a - b)
        expect(seen).toEqual(Array.from({ length: count }, (_, index) => [index, index + 7]))
        const operations = events.map(({ operation }) => operation)
        expect(operations).not.toContain('map_update')
        expect(operations).not.toContain('map_next_key')
      })

      if (type === 'array') continue

      it(`of a ${type}, and deletes those that it was given`, () => {
        const map = fill()
        const missing = [count + 1, count + 2].map(key)
        const keys = Array.from({ length: count - 10 }, (_, index) => key(index))
        expect(map.deleteBatch([missing[0]!, ...keys, missing[1]!, missing[1]!])).toBe(count - 10)
        expect([...map.entries()]).toHaveLength(10)
        expect(events.map(({ operation }) => operation)).not.toContain('map_delete')
      })

      it(`of a ${type} while it deletes them`, () => {
        const map = fill()
        let deleted = 0
        for (const [key] of map.entries()) deleted += map.delete(key) ? 1 : 0
        expect(deleted).toBe(count)
        expect([...map.entries()]).toEqual([])
      })
    }

    it.each(['hash', 'lpm_trie'] as const)('of a %s, each once, while it deletes every other', (type) => {
      const trie = type === 'lpm_trie'
      const map = create({
        type,
        maxEntries: 9000,
        ...(trie ? { keySize: 8, flags: mapFlags.noPrealloc } : {}),
      })
      const key = (index: number) => (trie ? Buffer.concat([u32(32), u32(index)]) : u32(index))
      map.updateBatch(Array.from({ length: 9000 }, (_, index) => [key(index), u64(1n)] as const))
      const seen: string[] = []
      for (const [at] of map.entries()) {
        if (seen.push(at.toString('hex')) % 2 === 0) map.delete(at)
      }
      expect(seen).toHaveLength(9000)
      expect(new Set(seen).size).toBe(9000)
      expect([...map.entries()]).toHaveLength(4500)
    })

    it('of a hash whose values are so big that a bucket does not fit the first buffer', () => {
      const map = create({ valueSize: 150_000, maxEntries: 64 })
      for (let index = 0; index < 48; index++) map.update(u32(index), Buffer.alloc(150_000, index))
      const seen = [...map.entries()].map(([key, value]) => [key.readUInt32LE(), value[149_999]])
      seen.sort(([a = 0], [b = 0]) => a - b)
      expect(seen).toEqual(Array.from({ length: 48 }, (_, index) => [index, index]))
    })

    it('and takes all out of a hash', () => {
      const map = create({ maxEntries: 9000 })
      map.updateBatch(Array.from({ length: 9000 }, (_, index) => [u32(index), u64(1n)] as const))
      expect(new Set([...map.lookupAndDeleteBatch()].map(([key]) => key.readUInt32LE())).size).toBe(9000)
      expect([...map.entries()]).toEqual([])
    })

    it('and says where the kernel has no batches', () => {
      const trie = create({ type: 'lpm_trie', keySize: 8, flags: mapFlags.noPrealloc })
      expect(failureOf(() => [...trie.lookupAndDeleteBatch()])).toMatchObject({ errnoName: 'EOPNOTSUPP' })
      // An array of programs can only be walked.
      expect([...create({ type: 'prog_array', valueSize: 4, maxEntries: 4 }).entries()]).toEqual([])
    })

    it('as a plain Map would hold them', () => {
      const step = fc.record({
        operation: fc.constantFrom('update', 'delete', 'updateBatch', 'deleteBatch'),
        keys: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 8 }),
        value: fc.bigInt({ min: 0n, max: 1000n }),
      })
      fc.assert(
        fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
          using map = kernel.createMap(spec)
          const model = new Map<number, bigint>()
          for (const { operation, keys, value } of steps) apply(map, model, { operation, keys, value })
          const entries = [...map.entries()].map(
            ([key, bytes]) => [key.readUInt32LE(), bytes.readBigUInt64LE()] as const,
          )
          expect(new Map(entries)).toEqual(model)
        }),
        { numRuns: 50 },
      )
    })
  })

  it('keeps a value per CPU', () => {
    const map = create({ type: 'percpu_array', valueSize: 4, maxEntries: 2 })
    const cpus = possibleCpuCount()
    expect(map.elementSize).toBe(8 * cpus)
    map.update(
      u32(1),
      Buffer.concat(Array.from({ length: cpus }, (_, cpu) => Buffer.concat([u32(cpu + 5), u32(0)]))),
    )
    expect(map.lookupPerCpu(u32(1))).toEqual(Array.from({ length: cpus }, (_, cpu) => u32(cpu + 5)))
    const [, second] = [...map.entries()]
    expect(map.splitPerCpu(second![1])).toEqual(map.lookupPerCpu(u32(1)))
    expect(map.lookupPerCpu(u32(7))).toBeUndefined()
  })

  it('reports each call with its operation, object and errno', () => {
    const map = create()
    map.lookup(u32(1))
    map.update(u32(1), u64(1n))
    expect(events.slice(-2)).toMatchObject([
      { operation: 'map_lookup', object: 'test_map', errno: 2 },
      { operation: 'map_update', object: 'test_map' },
    ])
    expect(events.at(-1)).not.toHaveProperty('errno')
    expect(events.at(-1)?.durationMs).toBeGreaterThanOrEqual(0)
  })

  it('is closed once, and not usable afterwards', () => {
    const map = create()
    map.close()
    map.close()
    expect(() => map.lookup(u32(1))).toThrow('map test_map is closed')
  })

  it('cannot be created with sizes that the type does not take', () => {
    expect(failureOf(() => create({ type: 'lpm_trie', keySize: 8 }))).toMatchObject({
      code: 'EINVAL',
      message: 'bpf map_create test_map: EINVAL',
      hint: 'an lpm_trie needs the flag noPrealloc',
    })
  })

  describe('pinned', () => {
    let bpffs: TemporaryPath
    beforeEach(() => {
      bpffs = opened.use(temporaryBpffs())
    })

    it('is the same map for all who open it', () => {
      const path = join(bpffs.path, 'test_map')
      using first = kernel.getOrCreatePinnedMap(path, spec)
      using second = kernel.getOrCreatePinnedMap(path, { ...spec, name: 'other' })
      using third = kernel.openPinnedMap(path)
      first.update(u32(1), u64(1n))
      expect(second.lookup(u32(1))).toEqual(u64(1n))
      expect(third.spec).toEqual(spec)
      expect([second.id, third.id]).toEqual([first.id, first.id])
      expect(() => first.pin(path)).toThrow(expect.objectContaining({ code: 'EEXIST' }))
    })

    it.each([
      [{ type: 'lru_hash' }, 'type is hash, wanted lru_hash'],
      [{ keySize: 8 }, 'keySize is 4, wanted 8'],
      [{ valueSize: 4 }, 'valueSize is 8, wanted 4'],
      [{ maxEntries: 7 }, 'maxEntries is 1000, wanted 7'],
      [{ flags: mapFlags.noPrealloc }, 'flags is 0, wanted 1'],
    ] as [Partial<MapSpec>, string][])('is not replaced by one with %j', (change, message) => {
      const path = join(bpffs.path, 'test_map')
      using first = kernel.getOrCreatePinnedMap(path, spec)
      const error = failureOf(() => kernel.getOrCreatePinnedMap(path, { ...spec, ...change }))
      expect(error).toBeInstanceOf(MapShapeError)
      expect(error).toMatchObject({
        field: Object.keys(change)[0],
        message: `pinned map ${path}: ${message}`,
      })
      using still = kernel.openPinnedMap(path)
      expect(still.id).toBe(first.id)
    })

    it('is not confused with another kind of object', () => {
      const path = join(bpffs.path, 'program')
      const insns = Buffer.from('b7000000000000009500000000000000', 'hex')
      using program = kernel.loadProgramSync({ name: 'other', type: 'sched_cls', insns, license: 'GPL' })
      program.pin(path)
      expect(failureOf(() => kernel.getOrCreatePinnedMap(path, spec))).toMatchObject({
        code: 'EINVAL',
        hint: expect.stringContaining('bpf-prog, not a map'),
      })
      expect(failureOf(() => kernel.openPinnedLink(path))).toMatchObject({ code: 'EINVAL' })
    })

    it('is not there when nobody pinned it', () => {
      const path = join(bpffs.path, 'none')
      expect(failureOf(() => kernel.openPinnedMap(path))).toMatchObject({
        code: 'ENOENT',
        message: `bpf obj_get ${path}: ENOENT`,
      })
    })
  })
})

function apply(
  map: BpfMap,
  model: Map<number, bigint>,
  { operation, keys, value }: { operation: string; keys: number[]; value: bigint },
): void {
  if (operation === 'update') map.update(u32(keys[0]!), u64(value))
  if (operation === 'updateBatch') map.updateBatch(keys.map((key) => [u32(key), u64(value)] as const))
  if (operation === 'update') model.set(keys[0]!, value)
  if (operation === 'updateBatch') for (const key of keys) model.set(key, value)
  if (operation === 'delete') expect(map.delete(u32(keys[0]!))).toBe(model.delete(keys[0]!))
  if (operation === 'deleteBatch') {
    const there = keys.filter((key) => model.delete(key)).length
    expect(map.deleteBatch(keys.map(u32))).toBe(there)
  }
}

function failureOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('did not fail')
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}

function u64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64LE(value)
  return buffer
}
