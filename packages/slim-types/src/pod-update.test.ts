import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createInterner,
  createWatchDecoder,
  framesOf,
  type MessageBytes,
  objectKey,
  podDecoder,
  type SlimPod,
  type WatchEvent,
  wholeMessage,
} from './index.ts'
import { readCapture, rowsByHash } from './testing/captures.ts'
import { loadWireSchema } from './testing/wire-schema.ts'

const schema = loadWireSchema()
const decoder = podDecoder(createInterner())

function encode(pod: object): Uint8Array {
  return schema('Pod').encode(schema('Pod').fromObject(pod)).finish()
}

function decode(bytes: Uint8Array): SlimPod {
  return decoder.fromProtobuf?.(wholeMessage(bytes)) ?? expect.fail('pods come as protobuf')
}

function update(bytes: Uint8Array, known: SlimPod | undefined) {
  const recalled: string[] = []
  const updates =
    decoder.updatesFromProtobuf?.(
      rowsByHash((key) => {
        recalled.push(key)
        return known !== undefined && objectKey(known) === key ? known : undefined
      }),
    ) ?? expect.fail('pods are updated')
  const message = { ...wholeMessage(bytes), keyHash: 0, uidAt: 0 }
  updates.expect(message)
  updates.recall()
  const guessed = recalled.splice(0)
  return { ...updates.decode(message), guessed, recalled }
}

const identity = { name: 'a', namespace: 'team', uid: '0b9c8a1e-1' }
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1', 'fd00:0:0::1', 'FD00::2', '')
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('x', 'y'), {
  noNullPrototype: true,
})
const status = fc.record(
  {
    phase: fc.constantFrom('Pending', 'Running'),
    hostIP: address,
    podIP: address,
    podIPs: fc.array(
      address.map((ip) => ({ ip })),
      { maxLength: 3 },
    ),
    message: fc.string(),
  },
  { requiredKeys: [] },
)
const spec = fc.record({
  nodeName: fc.constantFrom('node1', 'node2', ''),
  serviceAccountName: fc.constantFrom('default', 'other'),
  hostNetwork: fc.boolean(),
  containers: fc.array(
    fc.record({ ports: fc.array(fc.record({ containerPort: fc.constantFrom(80, 81) })) }),
    {
      maxLength: 2,
    },
  ),
})
const stateOf = (metadata: object) =>
  fc.record({
    metadata: fc.record({ labels, resourceVersion: fc.constantFrom('1', '2') }).map((meta) => ({
      ...metadata,
      ...meta,
    })),
    status,
  })

describe('a pod of which an earlier state is known', () => {
  it('is what it is without that, and the known row where it is the same to us', () => {
    fc.assert(
      fc.property(stateOf(identity), stateOf(identity), spec, (before, after, podSpec) => {
        const known = decode(encode({ ...before, spec: podSpec }))
        const bytes = encode({ ...after, spec: podSpec })
        const expected = decode(bytes)
        const { resourceVersion, row, guessed, recalled } = update(bytes, known)
        expect([guessed, recalled]).toEqual([['team/a'], ['team/a']])
        expect(resourceVersion).toBe(expected.resourceVersion)
        expect(row === known).toBe(decoder.equals(known, expected))
        if (row !== known) expect(row).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  it('is found by names of ASCII that the API allows, and no other name is taken for one', () => {
    const name = fc.oneof(
      fc.constantFrom('', 'a', 'a'.repeat(253), 'a'.repeat(600), 'é', 'a/b'),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
    )
    const asTheApiAllows = /^[a-z]{1,253}$/
    fc.assert(
      fc.property(name, name, (name, namespace) => {
        const bytes = encode({ metadata: { ...identity, name, namespace }, status: { phase: 'Running' } })
        const known = decode(bytes)
        const { row } = update(bytes, known)
        expect(row).toEqual(known)
        if (asTheApiAllows.test(name) && asTheApiAllows.test(namespace)) expect(row).toBe(known)
      }),
    )
  })

  it('gives a list that did not change as the one that is there', () => {
    const pod = { metadata: identity, spec: { nodeName: 'node1' }, status: { podIPs: [{ ip: 'fd00::1' }] } }
    const known = decode(encode(pod))
    const { row } = update(encode({ ...pod, status: { ...pod.status, phase: 'Failed' } }), known)
    expect(row).toEqual({ ...known, phase: 'Failed' })
    expect(row.podIPs).toBe(known.podIPs)
  })
})

describe('what is known says nothing of', () => {
  const known = decode(
    encode({
      metadata: identity,
      spec: {
        nodeName: 'node1',
        serviceAccountName: 'known',
        containers: [{ ports: [{ containerPort: 80 }] }],
      },
    }),
  )
  const other = { spec: { nodeName: 'node2', serviceAccountName: 'other' } }
  const metadata = (fields: object) => encode({ metadata: fields })
  /** One metadata that has the fields of several, one after the other. */
  const fieldsOfMetadata = (...parts: readonly object[]) => {
    const bytes = Buffer.concat(
      parts.map((part) => schema('ObjectMeta').encode(schema('ObjectMeta').fromObject(part)).finish()),
    )
    return Buffer.concat([Buffer.from([(1 << 3) | 2, bytes.length]), bytes])
  }

  it.each([
    { what: 'a pod that was made anew', bytes: encode({ metadata: { ...identity, uid: '2' }, ...other }) },
    { what: 'a pod without uid', bytes: encode({ metadata: { ...identity, uid: '' }, ...other }) },
    {
      what: 'a pod whose name has the same bytes in another encoding',
      bytes: encode({ metadata: { ...identity, name: 'é' }, ...other }),
      row: { ...known, name: 'Ã©' },
    },
    { what: 'a pod of another name', bytes: encode({ metadata: { ...identity, name: 'b' }, ...other }) },
    {
      what: 'a pod that changes its name amid its message',
      bytes: Buffer.concat([metadata(identity), encode(other), metadata({ name: 'b' })]),
    },
    {
      what: 'a pod that changes its name amid its metadata',
      bytes: fieldsOfMetadata(identity, { name: 'b' }),
    },
    {
      what: 'a pod whose uid stands behind its metadata',
      bytes: Buffer.concat([
        metadata({ name: identity.name, namespace: identity.namespace }),
        Buffer.from([(5 << 3) | 2, identity.uid.length]),
        Buffer.from(identity.uid),
        encode(other),
      ]),
    },
    {
      what: 'a pod that has metadata twice, and between them what could not be part of these',
      bytes: Buffer.concat([
        metadata(identity),
        Buffer.from([(11 << 3) | 2, 1, 0xff]),
        metadata({ ...identity, name: 'b' }),
      ]),
    },
    { what: 'a pod whose metadata comes last', bytes: Buffer.concat([encode(other), metadata(identity)]) },
    { what: 'nothing', bytes: new Uint8Array() },
  ])('$what', ({ bytes, row: recalled = known }) => {
    const { resourceVersion, row } = update(bytes, recalled)
    expect(row).toEqual(decode(bytes))
    expect(resourceVersion).toBe(row.resourceVersion)
  })

  it('the spec of a pod that had no node yet', () => {
    const pending = decode(encode({ metadata: identity, spec: { serviceAccountName: 'default' } }))
    const bytes = encode({ metadata: identity, spec: { serviceAccountName: 'default', nodeName: 'node1' } })
    expect(update(bytes, pending).row).toEqual(decode(bytes))
  })
})

it('captured events are the same with and without a memory', () => {
  const rows = new Map<string, SlimPod>()
  const options = { format: 'protobuf', decoder } as const
  const remembering = createWatchDecoder({ ...options, known: rowsByHash((key) => rows.get(key)) })
  const forgetting = createWatchDecoder(options)
  const frames = framesOf(readCapture('pods.watch.pb'), 'protobuf')
  const remaining: WatchEvent<SlimPod>[] = []
  forgetting(frames, (event) => remaining.push(event))
  expect(remaining).toHaveLength(frames.length)
  remembering(frames, (event) => {
    const expected = remaining.shift()
    const isUpsert = event.type === 'ADDED' || event.type === 'MODIFIED'
    if (!isUpsert) {
      expect(event).toEqual(expected)
      return
    }
    const { row, known, ...rest } = event
    expect(expected).toMatchObject(rest)
    expect(known).toBe(rows.get(objectKey(row)))
    if (row === known)
      expect(expected).toMatchObject({ row: { ...row, resourceVersion: event.resourceVersion } })
    else expect(expected).toMatchObject({ row })
    rows.set(objectKey(row), row)
  })
  expect(rows.size).toBeGreaterThan(0)
})

it('events before a frame that is none are handed over', () => {
  const frames = framesOf(readCapture('pods.watch.pb'), 'protobuf')
  const [first, second] = frames as [MessageBytes, MessageBytes]
  const seen: string[] = []
  const read = createWatchDecoder({
    format: 'protobuf',
    decoder,
    known: rowsByHash<SlimPod>(() => undefined),
  })
  const broken = { ...second, end: second.end - 1 }
  read([first, second], ({ type }) => seen.push(type))
  expect(seen).toHaveLength(2)
  expect(() => read([first, broken, second], ({ type }) => seen.push(type))).toThrow('decode WatchEvent')
  expect(seen).toHaveLength(3)
  read([first, second], ({ type }) => seen.push(type))
  expect(seen).toHaveLength(5)
})

it('what was read of one message is nothing of the next one in its place', () => {
  const known = decode(encode({ metadata: { ...identity, name: 'ab' } }))
  const { expect: look, decode: update } =
    decoder.updatesFromProtobuf?.(rowsByHash((key) => (key === 'team/ab' ? known : undefined))) ??
    expect.fail('pods are updated')
  const place = { ...wholeMessage(encode({ metadata: { ...identity, name: 'ab' } })), keyHash: 0, uidAt: 0 }
  look(place)
  expect(update(place).known).toBe(known)
  // As many bytes, and no ASCII.
  const next = { ...place, ...wholeMessage(encode({ metadata: { ...identity, name: 'é' } })) }
  look(next)
  expect(update(next)).toMatchObject({ row: { name: 'é' }, known: undefined })
})

it('hostile bytes are a value or a DecodeError, whatever is known', () => {
  const known = decode(encode({ metadata: identity, spec: { nodeName: 'node1' } }))
  const whole = encode({
    metadata: { ...identity, labels: { app: 'x' } },
    status: { podIPs: [{ ip: 'fd00::1' }] },
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (changes) => {
      const bytes = Buffer.from(whole)
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      const withMemory = outcome(() => update(bytes, known).row.uid)
      expect(withMemory).toBe(outcome(() => decode(bytes).uid))
    }),
    { numRuns: 2000 },
  )
})

function outcome(run: () => string): string {
  try {
    return run()
  } catch (error) {
    return error instanceof Error ? error.name : 'no error'
  }
}
