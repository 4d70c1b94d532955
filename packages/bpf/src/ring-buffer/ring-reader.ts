import { pageBytes } from '@axoneme/syscalls'

/** Header bits of a record, BPF_RINGBUF_BUSY_BIT and BPF_RINGBUF_DISCARD_BIT in linux/bpf.h. */
const busyBit = 0x8000_0000
const discardBit = 0x4000_0000
const lengthMask = 0x3fff_ffff
const headerBytes = 8

/** The shared pages of a ring buffer of `size` bytes. */
export type RingPages = Readonly<{
  /** Begins with the position up to which all is consumed. */
  consumer: ArrayBuffer
  /** Begins with the position up to which all is reserved; behind this page the data, twice in a row. */
  producer: ArrayBuffer
  size: number
}>

/**
 * Returns a function that takes the next complete record out of the ring, as a copy; undefined when there is none.
 * The layout is that of the kernel's Documentation/bpf/ringbuf.rst.
 */
export function ringReader({ consumer, producer, size }: RingPages): () => Buffer | undefined {
  const consumed = new BigUint64Array(consumer, 0, 1)
  const produced = new BigUint64Array(producer, 0, 1)
  const headers = new Int32Array(producer, pageBytes, size / 4)
  // Mapped twice, so that a record that wraps around lies in one piece.
  const data = Buffer.from(producer, pageBytes, 2 * size)
  const positionMask = BigInt(size - 1)

  return () => {
    let position = Atomics.load(consumed, 0)
    while (position < Atomics.load(produced, 0)) {
      const offset = Number(position & positionMask)
      const header = Atomics.load(headers, offset / 4) >>> 0
      // Records are consumed in order: behind one that is being written, none is ready.
      if ((header & busyBit) !== 0) return undefined
      const length = header & lengthMask
      const start = offset + headerBytes
      const record =
        (header & discardBit) === 0 ? Buffer.from(data.subarray(start, start + length)) : undefined
      position += BigInt(Math.ceil((length + headerBytes) / 8) * 8)
      // From here on the kernel may overwrite the record.
      Atomics.store(consumed, 0, position)
      if (record !== undefined) return record
    }
    return undefined
  }
}
