import { asBuffer } from './bytes.ts'
import { DecodeError } from './errors.ts'
import type { WireFormat } from './wire-format.ts'

/** Cuts the bytes of a watch into the frames of its events. */
export type FrameSplitter = {
  /** The frames that are complete with this chunk. They are views: use them before the next call. */
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

/** Chunks that arrived, joined only when a whole frame is there. */
class Pending {
  bytes = 0
  #chunks: Buffer[] = []

  add(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.bytes += chunk.length
  }

  /** Everything, as one buffer; what is not used must be added again. */
  take(): Buffer {
    const [first] = this.#chunks
    const joined = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)
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
    this.#pending.add(asBuffer(chunk))
    if (this.#pending.bytes < this.#needed) return []
    const frames: Buffer[] = []
    const buffer = this.#pending.take()
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
    this.#pending.add(buffer.subarray(at))
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
      this.#pending.add(buffer.subarray(at, end))
      const line = this.#pending.take()
      if (line.length > 0) frames.push(line)
      at = end + 1
    }
    checkLength(this.#pending.bytes + buffer.length - at, this.#maxFrameBytes)
    this.#pending.add(buffer.subarray(at))
    return frames
  }
}

function checkLength(length: number, maxFrameBytes: number): void {
  if (length > maxFrameBytes) {
    throw new DecodeError(`a watch frame of ${length} bytes or more, the limit is ${maxFrameBytes}`)
  }
}
