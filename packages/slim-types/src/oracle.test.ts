import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createInterner, decodeList, decodeStatus, podDecoder, readJson, wholeMessage } from './index.ts'
import { arbitraryObjects } from './testing/arbitrary-objects.ts'
import { captureDecoders } from './testing/captures.ts'
import { jsonSpeller } from './testing/spell-json.ts'
import { loadWireSchema } from './testing/wire-schema.ts'

const schema = loadWireSchema()
const decoders = captureDecoders(createInterner())

/** An object of the API's JSON as its protobuf message has it: times and ports that may be names differ. */
function messageOf(message: string, object: object): object {
  const { fields } = schema(message)
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, fieldValueOf(fields[key]?.type ?? '', value)]),
  )
}

function fieldValueOf(type: string, value: unknown): unknown {
  if (type === 'Time') return { seconds: 1_790_000_000 }
  if (type === 'IntOrString')
    return typeof value === 'string' ? { type: 1, strVal: value } : { intVal: value }
  if (Array.isArray(value)) return value.map((element) => fieldValueOf(type, element))
  const isMessage = typeof value === 'object' && value !== null && /^[A-Z]/.test(type)
  return isMessage ? messageOf(type, value) : value
}

describe('what another encoder writes is decoded to the same row as its JSON', () => {
  it.each(Object.entries(arbitraryObjects))('%s', (name, arbitrary) => {
    const decoder = decoders[name]
    if (decoder?.fromProtobuf === undefined) throw new Error(`no decoder for ${name}`)
    const { fromProtobuf, fromJson, jsonShape, equals, kind } = decoder
    fc.assert(
      fc.property(arbitrary, jsonSpeller, (object, spell) => {
        const bytes = schema(kind)
          .encode(schema(kind).fromObject(messageOf(kind, object)))
          .finish()
        const row = fromProtobuf(wholeMessage(bytes))
        expect(row).toEqual(fromJson(object))
        const json = wholeMessage(Buffer.from(spell(object)))
        const rowOfJson = fromJson(readJson(json, jsonShape))
        expect(rowOfJson).toEqual(row)
        expect(equals(row, rowOfJson)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

describe('lists and statuses that another encoder writes', () => {
  const encode = (message: string, object: object) =>
    schema(message)
      .encode(schema(message).fromObject(messageOf(message, object)))
      .finish()
  const enveloped = (kind: string, raw: Uint8Array) =>
    Buffer.concat([Buffer.from('k8s\0'), encode('Unknown', { typeMeta: { apiVersion: 'v1', kind }, raw })])

  it('a page of a list', () => {
    const decoder = podDecoder(createInterner())
    const page = {
      metadata: { resourceVersion: '7', continue: 'next' },
      items: [{ metadata: { name: 'a' } }],
    }
    const list = decodeList(enveloped('PodList', encode('PodList', page)), 'protobuf', decoder)
    expect(list).toMatchObject({ resourceVersion: '7', continueToken: 'next', items: [{ name: 'a' }] })
    expect(list).toEqual(
      decodeList(Buffer.from(JSON.stringify({ kind: 'PodList', ...page })), 'json', decoder),
    )
  })

  it('a Status', () => {
    const status = {
      code: 429,
      reason: 'TooManyRequests',
      message: 'later',
      details: { retryAfterSeconds: 7 },
    }
    const expected = { code: 429, reason: 'TooManyRequests', message: 'later', retryAfterSeconds: 7 }
    expect(decodeStatus(enveloped('Status', encode('Status', status)), 'protobuf')).toEqual(expected)
    const json = Buffer.from(JSON.stringify({ kind: 'Status', ...status }))
    expect(decodeStatus(json, 'json')).toEqual(expected)
  })
})
