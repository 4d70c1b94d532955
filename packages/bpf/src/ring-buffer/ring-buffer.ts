import { mapSharedMemory, pageBytes, type SharedMemory } from '@axoneme/syscalls'
import type { BpfMap } from '../map/map.ts'
import { ringReader } from './ring-reader.ts'

/** Reads what programs put into a ringbuf map. One reader per map: reading takes the records out. */
export type RingBuffer = Disposable &
  Readonly<{
    /**
     * Hands over the records that are there, at most `max`, and returns how many were. Never waits: the caller polls.
     * Each record is a copy. A record that made `onRecord` throw counts as read; the error passes through.
     */
    read(onRecord: (record: Buffer) => void, max?: number): number
  }>

/** The map may be closed afterwards. Throws SyscallError when it cannot be mapped; RangeError for another map type. */
export function openRingBuffer(map: BpfMap): RingBuffer {
  const { name, type, maxEntries: size } = map.spec
  if (type !== 'ringbuf') throw new RangeError(`map ${name} is a ${type}, not a ringbuf`)
  using mapping = new DisposableStack()
  const share = (length: number, offset: number, writable: boolean): SharedMemory =>
    mapping.use(mapSharedMemory({ fd: map.fd, length, offset, writable }))
  const consumer = share(pageBytes, 0, true)
  const producer = share(pageBytes + 2 * size, pageBytes, false)
  const take = ringReader({ consumer: consumer.bytes, producer: producer.bytes, size })
  const mapped = mapping.move()
  return {
    read(onRecord, max = Number.POSITIVE_INFINITY) {
      if (mapped.disposed) throw new Error(`ring buffer ${name} is closed`)
      let count = 0
      while (count < max) {
        const record = take()
        if (record === undefined) break
        count++
        onRecord(record)
      }
      return count
    },
    [Symbol.dispose]: () => mapped.dispose(),
  }
}
