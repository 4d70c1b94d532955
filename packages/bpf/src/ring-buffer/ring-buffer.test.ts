import { pageBytes } from '@axoneme/syscalls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assemble } from '../assembler.testing.ts'
import { openBpfKernel } from '../kernel.ts'
import type { BpfMap } from '../map/map.ts'
import type { BpfProgram } from '../program/program.ts'
import { isRoot } from '../testing.ts'
import { openRingBuffer, type RingBuffer } from './ring-buffer.ts'
import { ringReader } from './ring-reader.ts'

const busy = 0x8000_0000
const discarded = 0x4000_0000

/** A ring in plain memory, written as the kernel would. */
function fakeRing(size = 64) {
  const consumer = new ArrayBuffer(pageBytes)
  const producer = new ArrayBuffer(pageBytes + 2 * size)
  const data = Buffer.from(producer, pageBytes)
  const produced = new BigUint64Array(producer, 0, 1)
  return {
    take: ringReader({ consumer, producer, size }),
    put(text: string, flags = 0): number {
      const at = Number(produced[0]! % BigInt(size))
      data.writeUInt32LE((text.length | flags) >>> 0, at)
      data.write(text, at + 8)
      data.write(text, (at + 8) % size)
      produced[0]! += BigInt(Math.ceil((text.length + 8) / 8) * 8)
      return at
    },
    commit: (at: number, length: number) => data.writeUInt32LE(length, at),
    consumed: () => new BigUint64Array(consumer, 0, 1)[0],
  }
}

describe('ringReader', () => {
  it('stops at a record that is being written, and goes on when it is complete', () => {
    const ring = fakeRing()
    ring.put('one')
    const at = ring.put('two', busy)
    ring.put('three')
    expect(ring.take()?.toString()).toBe('one')
    expect(ring.take()).toBeUndefined()
    expect(ring.consumed()).toBe(16n)
    ring.commit(at, 3)
    expect(ring.take()?.toString()).toBe('two')
    expect(ring.take()?.toString()).toBe('three')
    expect(ring.take()).toBeUndefined()
    expect(ring.consumed()).toBe(48n)
  })

  it('skips discarded records and gives them back to the kernel', () => {
    const ring = fakeRing()
    ring.put('gone', discarded)
    ring.put('here')
    ring.put('gone', discarded)
    expect(ring.take()?.toString()).toBe('here')
    expect(ring.take()).toBeUndefined()
    expect(ring.consumed()).toBe(48n)
  })

  it('reads a record that wraps around in one piece', () => {
    const ring = fakeRing()
    for (const text of ['0123456789abcdef', '0123456789abcdef']) ring.put(text)
    expect([ring.take(), ring.take()].map(String)).toEqual(['0123456789abcdef', '0123456789abcdef'])
    ring.put('from the end to the start')
    expect(String(ring.take())).toBe('from the end to the start')
  })
})

describe.runIf(isRoot)('openRingBuffer', () => {
  const kernel = openBpfKernel()
  let map: BpfMap
  let ring: RingBuffer
  let program: BpfProgram
  beforeEach(() => {
    map = kernel.createMap({
      name: 'events',
      type: 'ringbuf',
      keySize: 0,
      valueSize: 0,
      maxEntries: pageBytes,
      flags: 0,
    })
    ring = openRingBuffer(map)
    program = kernel.loadProgramSync({
      name: 'writer',
      type: 'sched_cls',
      insns: writer(map.fd),
      license: 'GPL',
    })
  })
  afterEach(() => {
    program.close()
    ring[Symbol.dispose]()
    map.close()
  })

  /** Puts in a record of `mark` bytes that begins with `mark`; discards one when `mark` is 0. Returns whether there was room. */
  function write(mark: number): boolean {
    const ctxIn = Buffer.alloc(192)
    ctxIn.writeUInt32LE(mark, 8)
    return program.testRun({ data: Buffer.alloc(64), ctxIn }).retval === 0
  }

  it('hands over what programs wrote, in order, without what they discarded', () => {
    for (const mark of [5, 0, 8, 33, 0]) expect(write(mark)).toBe(true)
    const records: Buffer[] = []
    expect(ring.read((record) => records.push(record))).toBe(3)
    expect(records.map((record) => [record.length, record.readUInt32LE()])).toEqual([
      [5, 5],
      [8, 8],
      [33, 33],
    ])
    expect(ring.read(() => {})).toBe(0)
  })

  it('goes around the ring many times and loses nothing', () => {
    for (let round = 0; round < 500; round++) {
      const mark = 4 + (round % 60)
      expect(write(mark)).toBe(true)
      const records: Buffer[] = []
      ring.read((record) => records.push(record))
      expect(records.map((record) => [record.length, record.readUInt32LE()])).toEqual([[mark, mark]])
    }
  })

  it('makes room by reading, and reads no more than asked for', () => {
    let written = 0
    while (write(56)) written++
    expect(written).toBe(pageBytes / 64 - 1)
    expect(ring.read(() => {}, 1)).toBe(1)
    expect(write(56)).toBe(true)
    expect(write(56)).toBe(false)
    expect(ring.read(() => {})).toBe(written)
  })

  it('counts a record as read when its handler throws', () => {
    write(4)
    write(5)
    expect(() =>
      ring.read(() => {
        throw new Error('handler')
      }),
    ).toThrow('handler')
    expect(ring.read((record) => expect(record).toHaveLength(5))).toBe(1)
  })

  it('outlives the map handle and refuses use after closing', () => {
    write(4)
    map.close()
    expect(ring.read(() => {})).toBe(1)
    ring[Symbol.dispose]()
    ring[Symbol.dispose]()
    expect(() => ring.read(() => {})).toThrow('ring buffer events is closed')
  })

  it('refuses another kind of map', () => {
    using other = kernel.createMap({
      name: 'other',
      type: 'array',
      keySize: 4,
      valueSize: 4,
      maxEntries: 1,
      flags: 0,
    })
    expect(() => openRingBuffer(other)).toThrow('map other is a array, not a ringbuf')
  })
})

/** See `write` above. */
function writer(mapFd: number): Buffer {
  return assemble([
    ['load32', 7, 1, 8], // r7 = skb->mark
    ...[64, 56, 48, 40, 32, 24, 16, 8].map((depth) => ['store64', 10, 0, -depth, 0] as const),
    ['store32reg', 10, 7, -64],
    ['loadMap', 1, mapFd],
    ['ifZero', 7, 7],
    ['movReg', 2, 10],
    ['add', 2, -64],
    ['movReg', 3, 7],
    ['and', 3, 63],
    ['mov', 4, 0],
    ['call', 130], // bpf_ringbuf_output
    ['exit'],
    ['mov', 2, 16],
    ['mov', 3, 0],
    ['call', 131], // bpf_ringbuf_reserve
    ['ifZero', 0, 3],
    ['movReg', 1, 0],
    ['mov', 2, 0],
    ['call', 133], // bpf_ringbuf_discard
    ['mov', 0, 0],
    ['exit'],
  ])
}
