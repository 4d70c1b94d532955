import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createInterner,
  DecodeError,
  decodeList,
  decodeMetadataList,
  decodeStatus,
  decodeWatchEvent,
  framesOf,
  type WireFormat,
  wholeMessage,
} from './index.ts'
import { captureDecoders, readCapture } from './testing/captures.ts'

const decoders = captureDecoders(createInterner({ maxEntries: 1000 }))
const formats = [
  { format: 'protobuf', suffix: 'pb' },
  { format: 'json', suffix: 'json' },
] as const satisfies { format: WireFormat; suffix: string }[]

/** Every way in for bytes from an apiserver, with captures of what comes there. */
const inputs = [
  ...formats.flatMap(({ format, suffix }) =>
    Object.entries(decoders).map(([name, decoder]) => ({
      name: `${name}.list.${suffix}`,
      documents: [readCapture(`${name}.list.${suffix}`)],
      decode: (bytes: Uint8Array): unknown => decodeList(bytes, format, decoder),
    })),
  ),
  ...formats.flatMap(({ format, suffix }) =>
    ['pods', 'nodes'].map((name) => ({
      name: `${name}.watch.${suffix}`,
      documents: framesOf(readCapture(`${name}.watch.${suffix}`), format).map(({ bytes, start, end }) =>
        Buffer.from(bytes.subarray(start, end)),
      ),
      decode: (bytes: Uint8Array): unknown =>
        decodeWatchEvent(wholeMessage(bytes), {
          format,
          decoder: decoders[name] as (typeof decoders)[string],
        }),
    })),
  ),
  {
    name: 'pods.list.json as metadata',
    documents: [readCapture('pods.list.json')],
    decode: (bytes: Uint8Array): unknown => decodeMetadataList(bytes),
  },
  {
    name: 'list-expired.410.pb',
    documents: [readCapture('list-expired.410.pb')],
    decode: (bytes: Uint8Array): unknown => decodeStatus(bytes, 'protobuf'),
  },
]

/** A value or a DecodeError; anything else, also underneath it, is a bug of the decoder. */
function decodesOrRefuses(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    decode(bytes)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof TypeError || cause instanceof ReferenceError) throw cause
    }
  }
}

describe('every truncation is a value or a DecodeError', () => {
  it.each(inputs)('$name', ({ documents, decode, name }) => {
    for (const bytes of documents) {
      // Parsing JSON is quadratic over all its truncations: those are sampled.
      const step = name.includes('.json') ? Math.ceil(bytes.length / 300) : 1
      for (let length = 0; length < bytes.length; length += step) {
        decodesOrRefuses(decode, bytes.subarray(0, length))
      }
    }
  })

  it.each(formats)('a $format list that was cut is never taken for a whole one', ({ format, suffix }) => {
    const bytes = readCapture(`namespaces.list.${suffix}`)
    const decoder = decoders.namespaces as (typeof decoders)[string]
    const body = format === 'json' ? Buffer.from(bytes.toString().trimEnd()) : bytes
    const whole = decodeList(body, format, decoder)
    // The protobuf envelope ends with two empty fields, which may be absent as well.
    const complete = format === 'json' ? body.length : body.length - 4
    for (let length = 0; length < complete; length++) {
      expect(() => decodeList(body.subarray(0, length), format, decoder)).toThrow(DecodeError)
    }
    expect(decodeList(body.subarray(0, complete), format, decoder)).toEqual(whole)
  })
})

describe('every mutation is a value or a DecodeError', () => {
  const mutation = fc.array(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), {
    minLength: 1,
    maxLength: 8,
  })
  it.each(inputs)('$name', ({ documents, decode }) => {
    fc.assert(
      fc.property(fc.constantFrom(...documents), mutation, (bytes, changes) => {
        const mutated = Buffer.from(bytes)
        for (const { at, byte } of changes) mutated[at % mutated.length] = byte
        decodesOrRefuses(decode, mutated)
      }),
      { numRuns: 150 },
    )
  })

  it('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(inputs.length - 1), (bytes, index) => {
        decodesOrRefuses(inputs[index]?.decode ?? (() => {}), bytes)
        decodesOrRefuses(inputs[index]?.decode ?? (() => {}), Buffer.concat([Buffer.from('k8s\0'), bytes]))
      }),
      { numRuns: 500 },
    )
  })

  it('random JSON where an object is expected', () => {
    const shaped = fc.record(
      {
        metadata: fc.oneof(fc.jsonValue(), fc.record({ name: fc.string(), labels: fc.jsonValue() })),
        spec: fc.jsonValue(),
        status: fc.jsonValue(),
        endpoints: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), shaped), (value) => {
        for (const decoder of Object.values(decoders))
          decodesOrRefuses(() => decoder.fromJson(value), Buffer.alloc(0))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('prototypes', () => {
  const pod = (labels: string) =>
    JSON.parse(`{"metadata":{"name":"a","namespace":"b","labels":${labels}}}`) as unknown

  it('a label named __proto__ is refused and changes no prototype', () => {
    expect(() => decoders.pods?.fromJson(pod('{"__proto__":"x"}'))).toThrow(DecodeError)
    expect(() => decoders.pods?.fromJson(pod('{"__proto__":{"polluted":"yes"}}'))).toThrow(DecodeError)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('a label named like a method is an ordinary label', () => {
    const row = decoders.pods?.fromJson(pod('{"constructor":"x","toString":"y"}'))
    expect(Object.entries(row?.labels ?? {})).toEqual([
      ['constructor', 'x'],
      ['toString', 'y'],
    ])
  })
})
