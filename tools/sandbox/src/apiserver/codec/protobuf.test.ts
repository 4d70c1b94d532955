import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import protobuf from 'protobufjs/minimal.js'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../errors.ts'
import { isObject, type Json, type JsonObject, objectsAt, textAt } from '../json.ts'
import { sharedData } from '../testing.ts'
import { wireFields } from './messages.ts'
import { encodeObjectMessage, encodeWatchFrame, protobufMagic } from './protobuf.ts'
import { decodeObjectMessage } from './protobuf-decode.ts'

const captures = [
  { file: 'pods', apiVersion: 'v1', kind: 'Pod' },
  { file: 'nodes', apiVersion: 'v1', kind: 'Node' },
  { file: 'namespaces', apiVersion: 'v1', kind: 'Namespace' },
  { file: 'endpointslices', apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
  { file: 'networkpolicies', apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
]

function read(name: string): Buffer {
  return readFileSync(new URL(`wire/${name}`, sharedData))
}

/** The items of a captured list, each in an envelope of its own. */
function capturedItems(file: string, { apiVersion, kind }: { apiVersion: string; kind: string }): Buffer[] {
  const list = rawOf(read(`${file}.list.pb`).subarray(protobufMagic.length))
  return fieldsOf(list)
    .filter(({ number }) => number === 2)
    .map(({ bytes }) => {
      const typeMeta = protobuf.Writer.create().uint32(10).string(apiVersion).uint32(18).string(kind).finish()
      const unknown = protobuf.Writer.create().uint32(10).bytes(typeMeta).uint32(18).bytes(bytes).finish()
      return Buffer.concat([protobufMagic, unknown])
    })
}

function rawOf(unknown: Uint8Array): Uint8Array {
  return fieldsOf(unknown).find(({ number }) => number === 2)?.bytes ?? new Uint8Array()
}

function fieldsOf(bytes: Uint8Array): { number: number; bytes: Uint8Array }[] {
  const reader = protobuf.Reader.create(bytes)
  const fields = []
  while (reader.pos < reader.len) fields.push({ number: reader.uint32() >>> 3, bytes: reader.bytes() })
  return fields
}

/** Without what Go leaves out of JSON: zeros, empty texts, lists, maps and structures, null. */
function meaningful(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) {
    const members = value.map((member) => meaningful(member) ?? null)
    return members.length === 0 ? undefined : members
  }
  if (!isObject(value))
    return value === '' || value === 0 || value === false || value === null ? undefined : value
  const entries = Object.entries(value).flatMap(([key, member]): [string, Json][] => {
    const kept = meaningful(member)
    return kept === undefined ? [] : [[key, kept]]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** Captured by a newer Kubernetes than the one whose types are known here. */
function withoutNewerFields(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((member) => withoutNewerFields(member) ?? null)
  if (!isObject(value)) return value
  const known = Object.entries(value).filter(([key]) => !['features', 'runtimeHandlers'].includes(key))
  return Object.fromEntries(known.map(([key, member]) => [key, withoutNewerFields(member)]))
}

describe.each(captures)('captured $file', ({ file, apiVersion, kind }) => {
  const list: JsonObject = JSON.parse(read(`${file}.list.json`).toString())
  const objects = objectsAt(list, 'items').map((item): JsonObject => ({ apiVersion, kind, ...item }))

  it('decodes to what the JSON capture says', () => {
    const decoded = capturedItems(file, { apiVersion, kind }).map(decodeObjectMessage)
    expect(decoded).toHaveLength(objects.length)
    for (const [i, object] of decoded.entries())
      expect(withoutNewerFields(meaningful(object))).toEqual(withoutNewerFields(meaningful(objects[i])))
  })

  it('survives encoding and decoding', () => {
    for (const object of objects)
      expect(meaningful(decodeObjectMessage(encodeObjectMessage(object)))).toEqual(meaningful(object))
  })
})

it('frames watch events as the apiserver does', () => {
  const capture = read('pods.watch.pb')
  const first = capture.subarray(0, 4 + capture.readUInt32BE(0))
  const [type, object] = fieldsOf(first.subarray(4))
  const raw = fieldsOf(object?.bytes ?? new Uint8Array())[0]?.bytes ?? new Uint8Array()
  expect(encodeWatchFrame(Buffer.from(type?.bytes ?? []).toString(), Buffer.from(raw))).toEqual(first)
})

it('keeps a false that says something', () => {
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'x' },
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false, serving: false, terminating: true } }],
  }
  expect(decodeObjectMessage(encodeObjectMessage(slice))).toEqual(slice)
})

it('has the field numbers of the wire table', () => {
  const rows = readFileSync(new URL('wire/k8s-wire-fields.tsv', sharedData), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
  const groups: Record<string, string> = {
    'meta/v1': 'meta',
    'core/v1': 'core',
    'networking/v1': 'networking',
    'discovery/v1': 'discovery',
    'coordination/v1': 'coordination',
  }
  let checked = 0
  for (const row of rows) {
    const [group = '', message = '', name = '', number = ''] = row.split('\t')
    const field = wireFields(`${groups[group]}.${message}`)?.find((known) => known.name === name)
    if (field === undefined) continue
    expect(`${message}.${name} = ${field.number}`).toBe(`${message}.${name} = ${number}`)
    checked++
  }
  expect(checked).toBeGreaterThan(230)
})

it('refuses whatever bytes it gets, or gives an object', () => {
  const sample = encodeObjectMessage({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'x', labels: { a: 'b' } },
    spec: { ports: [{ port: 80, targetPort: 'http' }] },
  })
  const change = fc.record({ at: fc.nat(sample.length - 1), to: fc.integer({ min: 0, max: 255 }) })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), fc.nat(sample.length), (changes, length) => {
      const bytes = Buffer.from(sample.subarray(0, length))
      for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to
      try {
        expect(textAt(decodeObjectMessage(bytes), 'apiVersion')).toBeTypeOf('string')
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError)
      }
    }),
    { numRuns: 2000 },
  )
})
