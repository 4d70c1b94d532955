import { asBuffer } from './bytes.ts'
import { DecodeError } from './errors.ts'
import type { MessageBytes } from './protobuf.ts'
import type { WireFormat } from './wire-format.ts'

/** Cuts the bytes of a watch into the frames of its events. */
export type FrameSplitter = {
  /**
   * The frames that are complete with these bytes of `chunk`, all of them by default. They may lie in it: use them before
   * it is overwritten. What is kept of it is a copy.
   */
  push(chunk: Uint8Array, start?: number, end?: number): MessageBytes[]
  /** Bytes of a frame that is not complete. */
  readonly pendingBytes: number
}

const lengthPrefixBytes = 4

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
  readonly #pending = new Pending()
  readonly #maxFrameBytes: number
  /** How many bytes must be there before it is worth looking: a length, or a whole frame. */
  #needed = lengthPrefixBytes

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  get pendingBytes(): number {
    return this.#pending.bytes
  }

  push(chunk: Uint8Array, start = 0, end = chunk.length): MessageBytes[] {
    const given = { bytes: chunk, start, end }
    if (this.#pending.bytes + end - start < this.#needed) {
      this.#pending.add(given)
      return []
    }
    let frames: MessageBytes[] | undefined
    const joined = this.#pending.takeWith(given)
    let at = joined.start
    for (;;) {
      this.#needed = lengthPrefixBytes
      if (joined.end - at < this.#needed) break
      const length = lengthAt(joined.bytes, at)
      checkLength(length, this.#maxFrameBytes)
      this.#needed = lengthPrefixBytes + length
      if (joined.end - at < this.#needed) break
      const frame = { bytes: joined.bytes, start: at + lengthPrefixBytes, end: at + this.#needed }
      if (frames === undefined) frames = [frame]
      else frames.push(frame)
      at += this.#needed
    }
    if (at < joined.end) this.#pending.add({ bytes: joined.bytes, start: at, end: joined.end })
    return frames ?? []
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return asBuffer(bytes).readUInt32BE(at)
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

  push(chunk: Uint8Array, start = 0, end = chunk.length): MessageBytes[] {
    const frames: MessageBytes[] = []
    let at = start
    for (;;) {
      const found = chunk.indexOf(newline, at)
      const lineEnd = found < 0 || found > end ? end : found
      checkLength(this.#pending.bytes + lineEnd - at, this.#maxFrameBytes)
      const part = { bytes: chunk, start: at, end: lineEnd }
      if (lineEnd === end) {
        this.#pending.add(part)
        return frames
      }
      const line = this.#pending.takeWith(part)
      if (line.end > line.start) frames.push(line)
      at = lineEnd + 1
    }
  }
}

function checkLength(length: number, maxFrameBytes: number): void {
  if (length > maxFrameBytes) {
    throw new DecodeError(`a watch frame of ${length} bytes or more, the limit is ${maxFrameBytes}`)
  }
}
