import { mapSharedMemory } from '@axoneme/syscalls'
import type { BpfMap } from '../map/map.ts'

/** Header bits of a record, BPF_RINGBUF_BUSY_BIT and BPF_RINGBUF_DISCARD_BIT in linux/bpf.h. */
const busyBit = 0x8000_0000
const discardBit = 0x4000_0000
const headerBytes = 8
const pageBytes = 4096

/** Reads what programs put into a ringbuf map. One reader per map: reading takes the records out. */
export type RingBuffer = Disposable &
  Readonly<{
    /**
     * Hands over the records that are there, at most `max`, and returns how many were. Never waits: the caller polls.
     * Each record is a copy. A record that made `onRecord` throw counts as read; the error passes through.
     */
    read(onRecord: (record: Buffer) => void, max?: number): number
  }>

/** The layout is that of the kernel's Documentation/bpf/ringbuf.rst. Throws SyscallError when it cannot be mapped. */
export function openRingBuffer(map: BpfMap): RingBuffer {
  const size = map.spec.maxEntries
  const consumer = mapSharedMemory({ fd: map.fd, length: pageBytes, offset: 0, writable: true })
  // The data pages are mapped twice in a row, so that a record that wraps around lies in one piece.
  const producer = mapProducer(map, pageBytes + 2 * size, () => consumer[Symbol.dispose]())
  const consumed = new BigUint64Array(consumer.bytes, 0, 1)
  const produced = new BigUint64Array(producer.bytes, 0, 1)
  const headers = new Int32Array(producer.bytes, pageBytes, size / 4)
  const data = Buffer.from(producer.bytes, pageBytes, 2 * size)

  /** The next record that is complete and not discarded, taken out of the ring; undefined when there is none. */
  function take(): Buffer | undefined {
    let at = Atomics.load(consumed, 0)
    while (at < Atomics.load(produced, 0)) {
      const offset = Number(at % BigInt(size))
      const header = Atomics.load(headers, offset / 4) >>> 0
      // Records complete in order: behind one that is being written, none is ready.
      if ((header & busyBit) !== 0) return undefined
      const length = (header & ~(busyBit | discardBit)) >>> 0
      const start = offset + headerBytes
      const record =
        (header & discardBit) === 0 ? Buffer.from(data.subarray(start, start + length)) : undefined
      at += BigInt(Math.ceil((length + headerBytes) / 8) * 8)
      Atomics.store(consumed, 0, at)
      if (record !== undefined) return record
    }
    return undefined
  }

  return {
    read(onRecord, max = Number.POSITIVE_INFINITY) {
      let count = 0
      while (count < max) {
        const record = take()
        if (record === undefined) break
        count++
        onRecord(record)
      }
      return count
    },
    [Symbol.dispose]() {
      consumer[Symbol.dispose]()
      producer[Symbol.dispose]()
    },
  }
}

function mapProducer(map: BpfMap, length: number, onFailure: () => void) {
  try {
    return mapSharedMemory({ fd: map.fd, length, offset: pageBytes, writable: false })
  } catch (error) {
    onFailure()
    throw error
  }
}
