import { asBuffer } from './bytes.ts'
import { DecodeError } from './errors.ts'
import type { MessageBytes } from './protobuf.ts'
import type { WireFormat } from './wire-format.ts'

/** Cuts the bytes of a watch into the frames of its events. */
export type FrameSplitter = {
  /**
   * Hands over each frame that is complete with these bytes of a chunk. It may lie in the chunk: use it before that is
   * overwritten. What is kept of a chunk is a copy.
   */
  push(chunk: MessageBytes, onFrame: (frame: MessageBytes) => void): void
  /** Bytes of a frame that is not complete. */
  readonly pendingBytes: number
}

const lengthPrefixBytes = 4
/** Room for larger frames is given back. */
const maxKeptBytes = 64 * 1024
const noBytes = Buffer.alloc(0)

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

/** Copies of what arrived, joined only when a whole frame is there. */
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

class LengthSplitter implements FrameSplitter {
  /** The beginning of a frame that crosses the end of a chunk, and where the one before it was completed. */
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

  push({ bytes, start, end }: MessageBytes, onFrame: (frame: MessageBytes) => void): void {
    const given = asBuffer(bytes)
    let at = start
    if (this.#partialBytes > 0) {
      at = this.#complete(given, start, end)
      if (at < 0) return
      onFrame(this.#takePartial())
    }
    while (end - at >= lengthPrefixBytes) {
      const frameEnd = at + this.#frameBytes(given, at)
      if (frameEnd > end) break
      onFrame({ bytes: given, start: at + lengthPrefixBytes, end: frameEnd })
      at = frameEnd
    }
    if (at < end) this.#keep(given, at, end)
  }

  /** Adds to the partial frame what it lacks; gives the position behind it, or -1 when that was not everything. */
  #complete(chunk: Buffer, start: number, end: number): number {
    const lengthEnd = Math.min(end, start + Math.max(0, lengthPrefixBytes - this.#partialBytes))
    this.#keep(chunk, start, lengthEnd)
    if (this.#partialBytes < lengthPrefixBytes) return -1
    const missing = this.#frameBytes(this.#partial, 0) - this.#partialBytes
    const frameEnd = lengthEnd + missing
    this.#keep(chunk, lengthEnd, Math.min(end, frameEnd))
    return frameEnd <= end ? frameEnd : -1
  }

  /** The whole frame; what is kept next does not overwrite it. */
  #takePartial(): MessageBytes {
    const frame = { bytes: this.#partial, start: lengthPrefixBytes, end: this.#partialBytes }
    this.#partial = this.#spare
    this.#spare = frame.bytes.length > maxKeptBytes ? noBytes : frame.bytes
    this.#partialBytes = 0
    return frame
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const bytes = this.#partialBytes + end - start
    if (bytes > this.#partial.length) this.#grow(bytes)
    chunk.copy(this.#partial, this.#partialBytes, start, end)
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

  push({ bytes, start, end }: MessageBytes, onFrame: (frame: MessageBytes) => void): void {
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
      if (line.end > line.start) onFrame(line)
      at = lineEnd + 1
    }
  }
}

function checkLength(length: number, maxFrameBytes: number): void {
  if (length > maxFrameBytes) {
    throw new DecodeError(`a watch frame of ${length} bytes or more, the limit is ${maxFrameBytes}`)
  }
}
