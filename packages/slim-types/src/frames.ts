import { asBuffer } from './bytes.ts'
import { DecodeError } from './errors.ts'
import type { MessageBytes } from './protobuf.ts'
import type { WireFormat } from './wire-format.ts'

/** Cuts the bytes of a watch into the frames of its events. */
export type FrameSplitter = {
  /**
   * The frames that are complete with these parts of `bytes` (of each its start and its end, one after the other). They may lie
   * there: they are valid until the next call, or until the bytes are overwritten. What lies between the parts is overwritten
   * here.
   */
  push(bytes: Uint8Array, parts: readonly number[]): readonly MessageBytes[]
  /** Bytes of a frame that is not complete. */
  readonly pendingBytes: number
}

const lengthPrefixBytes = 4
/** Room for larger frames is given back. */
const maxKeptBytes = 64 * 1024
const noBytes: Buffer = Buffer.alloc(0)

/**
 * Protobuf frames have a 4-byte big-endian length in front (apimachinery's LengthDelimitedFramer); JSON frames end
 * with a newline. A frame of more than `maxFrameBytes` is a DecodeError, before it is buffered.
 */
export function createFrameSplitter(
  format: WireFormat,
  { maxFrameBytes = 16 * 1024 * 1024 }: { maxFrameBytes?: number } = {},
): FrameSplitter {
  return format === 'protobuf' ? new LengthSplitter(maxFrameBytes) : new LineSplitter(maxFrameBytes)
}

/** The frames of a watch whose bytes are all there. */
export function framesOf(bytes: Uint8Array, format: WireFormat): readonly MessageBytes[] {
  return createFrameSplitter(format).push(bytes, [0, bytes.length])
}

class LengthSplitter implements FrameSplitter {
  readonly #read = new PartsReader()
  readonly #frames = new FramePool()
  /** The beginning of a frame that crosses the end of a read, and where the one before it was completed. */
  #partial = noBytes
  #spare = noBytes
  #partialBytes = 0
  readonly #maxFrameBytes: number

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  get pendingBytes(): number {
    return this.#partialBytes
  }

  push(bytes: Uint8Array, parts: readonly number[]): readonly MessageBytes[] {
    const read = this.#read
    read.begin(asBuffer(bytes), parts)
    const frames = this.#frames
    frames.clear()
    if (this.#partialBytes > 0) {
      if (!this.#complete(read)) return frames.all
      this.#takePartial(frames)
    }
    while (read.gather(lengthPrefixBytes)) {
      const frameBytes = this.#frameBytes(read.bytes, read.at)
      if (!read.gather(frameBytes)) break
      const start = read.at
      read.at += frameBytes
      frames.add(read.bytes, start + lengthPrefixBytes, read.at)
    }
    if (read.at < read.end) this.#keep(read, read.end - read.at)
    return frames.all
  }

  /** Adds to the partial frame what it lacks; false when that was not there. */
  #complete(read: PartsReader): boolean {
    if (!this.#keepUpTo(lengthPrefixBytes, read)) return false
    return this.#keepUpTo(this.#frameBytes(this.#partial, 0), read)
  }

  #keepUpTo(bytes: number, read: PartsReader): boolean {
    while (this.#partialBytes < bytes) {
      if (!read.gather(1)) return false
      this.#keep(read, Math.min(bytes - this.#partialBytes, read.end - read.at))
    }
    return true
  }

  /** The whole frame, whose room is used for the next one. */
  #takePartial(frames: FramePool): void {
    const whole = this.#partial
    frames.add(whole, lengthPrefixBytes, this.#partialBytes)
    this.#partial = this.#spare
    this.#spare = whole.length > maxKeptBytes ? noBytes : whole
    this.#partialBytes = 0
  }

  #keep(read: PartsReader, count: number): void {
    const bytes = this.#partialBytes + count
    if (bytes > this.#partial.length) this.#grow(bytes)
    read.bytes.copy(this.#partial, this.#partialBytes, read.at, read.at + count)
    read.at += count
    this.#partialBytes = bytes
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, this.#partial.length * 2))
    this.#partial.copy(larger, 0, 0, this.#partialBytes)
    this.#partial = larger
  }

  /** Of the frame that begins there, with its length. */
  #frameBytes(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32BE(at)
    checkLength(length, this.#maxFrameBytes)
    return lengthPrefixBytes + length
  }
}

type Frame = { -readonly [Field in keyof MessageBytes]: MessageBytes[Field] }

/** The frames of one read after the other, in the same objects. */
class FramePool {
  readonly all: Frame[] = []
  readonly #pool: Frame[] = []

  /** Lets go of the bytes. */
  clear(): void {
    for (const frame of this.all) frame.bytes = noBytes
    this.all.length = 0
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const frame = this.#pool[this.all.length] ?? { bytes, start, end }
    this.#pool[this.all.length] = frame
    frame.bytes = bytes
    frame.start = start
    frame.end = end
    this.all.push(frame)
  }
}

/** Goes over the parts of what was read. */
class PartsReader {
  bytes = noBytes
  at = 0
  end = 0
  #parts: readonly number[] = []
  #next = 0

  begin(bytes: Buffer, parts: readonly number[]): void {
    this.bytes = bytes
    this.#parts = parts
    this.#next = 0
    this.at = 0
    this.end = 0
  }

  /** Whether there are so many bytes more; they lie in one piece then: the parts that they are in are moved together. */
  gather(count: number): boolean {
    while (this.end - this.at < count) {
      if (this.#next >= this.#parts.length) return false
      const start = this.#parts[this.#next++] as number
      const end = this.#parts[this.#next++] as number
      if (this.at === this.end) {
        this.at = start
        this.end = end
      } else {
        this.bytes.copyWithin(this.end, start, end)
        this.end += end - start
      }
    }
    return true
  }
}

const newline = 0x0a

class LineSplitter implements FrameSplitter {
  readonly #pending = new Pending()
  readonly #maxFrameBytes: number

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  get pendingBytes(): number {
    return this.#pending.bytes
  }

  push(bytes: Uint8Array, parts: readonly number[]): readonly MessageBytes[] {
    const lines: MessageBytes[] = []
    for (let i = 0; i < parts.length; i += 2) {
      this.#split({ bytes, start: parts[i] as number, end: parts[i + 1] as number }, lines)
    }
    return lines
  }

  #split({ bytes, start, end }: MessageBytes, lines: MessageBytes[]): void {
    let at = start
    for (;;) {
      const found = bytes.indexOf(newline, at)
      const lineEnd = found < 0 || found > end ? end : found
      checkLength(this.#pending.bytes + lineEnd - at, this.#maxFrameBytes)
      const part = { bytes, start: at, end: lineEnd }
      if (lineEnd === end) {
        this.#pending.add(part)
        return
      }
      const line = this.#pending.takeWith(part)
      if (line.end > line.start) lines.push(line)
      at = lineEnd + 1
    }
  }
}

/** Copies of what arrived, joined only when a whole line is there. */
class Pending {
  bytes = 0
  #chunks: Buffer[] = []

  add({ bytes, start, end }: MessageBytes): void {
    if (start === end) return
    this.#chunks.push(Buffer.from(bytes.subarray(start, end)))
    this.bytes += end - start
  }

  /** Everything, and `last` behind it. */
  takeWith(last: MessageBytes): MessageBytes {
    if (this.bytes === 0) return last
    const joined = Buffer.concat([...this.#chunks, last.bytes.subarray(last.start, last.end)])
    this.#chunks = []
    this.bytes = 0
    return { bytes: joined, start: 0, end: joined.length }
  }
}

function checkLength(length: number, maxFrameBytes: number): void {
  if (length > maxFrameBytes) {
    throw new DecodeError(`a watch frame of ${length} bytes or more, the limit is ${maxFrameBytes}`)
  }
}
