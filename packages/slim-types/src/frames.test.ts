import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameSplitter, DecodeError, type WireFormat } from './index.ts'

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

  it('come out as they went in, wherever reads and their parts are cut', () => {
    const cuts = fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 12 })
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 8 }), cuts, (payloads, cuts) => {
        const bytes = framed(format, payloads)
        const positions = [
          [0, true] as const,
          ...cuts.map(([at, isRead]) => [at % (bytes.length + 1), isRead] as const),
        ]
        positions.sort(([a], [b]) => a - b)
        const splitter = createFrameSplitter(format)
        // Every read comes in the same place, each part amid other bytes, and is gone after the frames were looked at.
        const buffer = Buffer.alloc(2 * bytes.length + positions.length + 2)
        const frames: string[] = []
        let parts: number[] = []
        for (const [i, [at, isRead]] of positions.entries()) {
          if (isRead) {
            buffer.fill(0x0a)
            parts = []
          }
          const start = (parts.at(-1) ?? 0) + 1
          parts.push(start, start + bytes.copy(buffer, start, at, positions[i + 1]?.[0] ?? bytes.length))
          if (positions[i + 1]?.[1] === false) continue
          for (const { bytes, start, end } of splitter.push(buffer, parts)) {
            frames.push(Buffer.from(bytes.subarray(start, end)).toString('hex'))
          }
        }
        expect(frames).toEqual(payloads.map((frame) => frame.toString('hex')))
        expect(splitter.pendingBytes).toBe(0)
      }),
    )
  })

  it('longer than the limit are refused before they are buffered', () => {
    const splitter = createFrameSplitter(format, { maxFrameBytes: 10 })
    const push = (bytes: Uint8Array) => splitter.push(bytes, [0, bytes.length])
    expect(push(framed(format, [Buffer.alloc(10, 'a')]))).toHaveLength(1)
    expect(() => push(framed(format, [Buffer.alloc(11, 'a')]).subarray(0, 11))).toThrow(DecodeError)
  })
})
