import { asBuffer } from './bytes.ts'
import { DecodeError } from './errors.ts'
import type { WireFormat } from './wire-format.ts'

/** Cuts the bytes of a watch into the frames of its events. */
export type FrameSplitter = {
  /**
   * The frames that are complete with this chunk. They may be views of it: use them before it is overwritten. What is
   * kept of it is a copy.
   */
  push(chunk: Uint8Array): Buffer[]
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

  add(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(Buffer.from(chunk))
    this.bytes += chunk.length
  }

  /** Everything, and `last` behind it, as one buffer. */
  takeWith(last: Buffer): Buffer {
    if (this.bytes === 0) return last
    const joined = Buffer.concat([...this.#chunks, last])
    this.#chunks = []
    this.bytes = 0
    return joined
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

  push(chunk: Uint8Array): Buffer[] {
    if (this.#pending.bytes + chunk.length < this.#needed) {
      this.#pending.add(asBuffer(chunk))
      return []
    }
    const frames: Buffer[] = []
    const buffer = this.#pending.takeWith(asBuffer(chunk))
    let at = 0
    for (;;) {
      this.#needed = lengthPrefixBytes
      if (buffer.length - at < this.#needed) break
      const length = buffer.readUInt32BE(at)
      checkLength(length, this.#maxFrameBytes)
      this.#needed = lengthPrefixBytes + length
      if (buffer.length - at < this.#needed) break
      frames.push(buffer.subarray(at + lengthPrefixBytes, at + this.#needed))
      at += this.#needed
    }
    if (at < buffer.length) this.#pending.add(buffer.subarray(at))
    return frames
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

  push(chunk: Uint8Array): Buffer[] {
    const buffer = asBuffer(chunk)
    const frames: Buffer[] = []
    let at = 0
    for (let end = buffer.indexOf(newline); end >= 0; end = buffer.indexOf(newline, at)) {
      checkLength(this.#pending.bytes + end - at, this.#maxFrameBytes)
      const line = this.#pending.takeWith(buffer.subarray(at, end))
      if (line.length > 0) frames.push(line)
      at = end + 1
    }
    checkLength(this.#pending.bytes + buffer.length - at, this.#maxFrameBytes)
    if (at < buffer.length) this.#pending.add(buffer.subarray(at))
    return frames
  }
}

function checkLength(length: number, maxFrameBytes: number): void {
  if (length > maxFrameBytes) {
    throw new DecodeError(`a watch frame of ${length} bytes or more, the limit is ${maxFrameBytes}`)
  }
}
