import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LayoutError } from '../errors.ts'
import { type BigintKind, defineLayout, type NumberKind } from './layout.ts'

const key = defineLayout({
  size: 24,
  fields: {
    id: { kind: 'u16', offset: 0 },
    address: { kind: 'be32', offset: 4 },
    mac: { kind: 'bytes', offset: 8, length: 6 },
    inner: {
      kind: 'nested',
      offset: 16,
      layout: { size: 8, fields: { count: { kind: 'u64', offset: 0 } } },
    },
  },
})
const value = { id: 7, address: 0x0a000001, mac: Uint8Array.of(1, 2, 3, 4, 5, 6), inner: { count: 9n } }

describe('defineLayout', () => {
  it('writes fields in place and padding as zeros', () => {
    const dirty = Buffer.alloc(30, 0xff)
    expect(key.encode(value, dirty, 3)).toBe(dirty)
    expect(dirty.toString('hex')).toBe(
      'ffffff070000000a000001010203040506000009000000000000' + '00' + 'ffffff',
    )
    expect(key.decode(dirty, 3)).toEqual(value)
  })

  it('decodes copies, from any byte array', () => {
    const bytes = new Uint8Array(key.encode(value))
    const { mac } = key.decode(bytes)
    bytes.fill(0)
    expect(mac).toEqual(value.mac)
  })

  const wrong: [string, unknown][] = [
    ['id', { ...value, id: 65536 }],
    ['id', { ...value, id: -1 }],
    ['id', { ...value, id: 1.5 }],
    ['id', { ...value, id: Number.NaN }],
    ['id', { ...value, id: 7n }],
    ['id', { ...value, id: undefined }],
    ['mac', { ...value, mac: new Uint8Array(5) }],
    ['mac', { ...value, mac: '123456' }],
    ['inner', { ...value, inner: undefined }],
    ['inner.count', { ...value, inner: { count: 9 } }],
    ['inner.count', { ...value, inner: { count: 1n << 64n } }],
  ]
  it.each(wrong)('names the field %s in its error', (field, bad) => {
    expect(() => key.encode(bad as typeof value)).toThrow(LayoutError)
    expect(() => key.encode(bad as typeof value)).toThrow(field)
  })

  it.each([-1, 1, 30])('refuses to reach outside of the buffer at %s', (offset) => {
    expect(() => key.encode(value, Buffer.alloc(24), offset)).toThrow(LayoutError)
    expect(() => key.decode(Buffer.alloc(24), offset)).toThrow(LayoutError)
  })

  it('refuses a field that does not lie in the struct', () => {
    const shape = { size: 4, fields: { late: { kind: 'u32', offset: 2 } } } as const
    expect(() => defineLayout(shape)).toThrow('field late: 4 bytes at 2 in a struct of 4 bytes')
  })

  const view = (buffer: Buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  const int = (min: number, max: number) => fc.integer({ min, max })
  const big = (min: bigint, max: bigint) => fc.bigInt({ min, max })
  type Case = [NumberKind | BigintKind, fc.Arbitrary<number | bigint>, (buffer: Buffer) => number | bigint]
  const kinds: Case[] = [
    ['u8', int(0, 0xff), (buffer) => view(buffer).getUint8(0)],
    ['u16', int(0, 0xffff), (buffer) => view(buffer).getUint16(0, true)],
    ['u32', int(0, 0xffffffff), (buffer) => view(buffer).getUint32(0, true)],
    ['i8', int(-0x80, 0x7f), (buffer) => view(buffer).getInt8(0)],
    ['i16', int(-0x8000, 0x7fff), (buffer) => view(buffer).getInt16(0, true)],
    ['i32', int(-0x80000000, 0x7fffffff), (buffer) => view(buffer).getInt32(0, true)],
    ['be16', int(0, 0xffff), (buffer) => view(buffer).getUint16(0)],
    ['be32', int(0, 0xffffffff), (buffer) => view(buffer).getUint32(0)],
    ['u64', big(0n, 2n ** 64n - 1n), (buffer) => view(buffer).getBigUint64(0, true)],
    ['i64', big(-(2n ** 63n), 2n ** 63n - 1n), (buffer) => view(buffer).getBigInt64(0, true)],
    ['be64', big(0n, 2n ** 64n - 1n), (buffer) => view(buffer).getBigUint64(0)],
  ]
  it.each(kinds)('%s is what DataView says', (kind, values, read) => {
    const layout = defineLayout({ size: 8, fields: { only: { kind, offset: 0 } } })
    fc.assert(
      fc.property(values, (only) => {
        const encoded = layout.encode({ only } as never)
        expect(read(encoded)).toBe(only)
        expect(layout.decode(encoded)).toEqual({ only })
      }),
    )
  })
})
