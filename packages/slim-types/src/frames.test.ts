import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameSplitter, DecodeError, type WireFormat, wholeMessage } from './index.ts'

function framed(format: WireFormat, payloads: readonly Buffer[]): Buffer {
  return Buffer.concat(
    payloads.flatMap((payload) => {
      if (format === 'json') return [payload, Buffer.from('\n')]
      const length = Buffer.alloc(4)
      length.writeUInt32BE(payload.length)
      return [length, payload]
    }),
  )
}

describe.each<WireFormat>(['protobuf', 'json'])('%s frames', (format) => {
  const payload = fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0 : byte))))

  it('come out as they went in, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(payload, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (payloads, cuts) => {
          const bytes = framed(format, payloads)
          const positions = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
            (a, b) => a - b,
          )
          const splitter = createFrameSplitter(format)
          // Every chunk comes in the same place, amid other bytes, and is gone after the call.
          const buffer = Buffer.alloc(bytes.length + 2)
          const frames: string[] = []
          for (const [i, at] of positions.entries()) {
            const end = 1 + bytes.copy(buffer.fill(0x0a), 1, at, positions[i + 1] ?? bytes.length)
            splitter.push({ bytes: buffer, start: 1, end }, (frame) => {
              frames.push(Buffer.from(frame.bytes.subarray(frame.start, frame.end)).toString('hex'))
            })
          }
          expect(frames).toEqual(payloads.map((frame) => frame.toString('hex')))
          expect(splitter.pendingBytes).toBe(0)
        },
      ),
    )
  })

  it('longer than the limit are refused before they are buffered', () => {
    const splitter = createFrameSplitter(format, { maxFrameBytes: 10 })
    let frames = 0
    const push = (bytes: Uint8Array) => splitter.push(wholeMessage(bytes), () => frames++)
    push(framed(format, [Buffer.alloc(10, 'a')]))
    expect(frames).toBe(1)
    expect(() => push(framed(format, [Buffer.alloc(11, 'a')]).subarray(0, 11))).toThrow(DecodeError)
  })
})
