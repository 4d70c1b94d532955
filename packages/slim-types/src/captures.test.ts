import { describe, expect, it } from 'vitest'
import { createInterner, decodeList, decodeWatchEvent, framesOf, type WireFormat } from './index.ts'
import { podDecoder } from './pod.ts'
import { captureDecoders, readCapture } from './testing/captures.ts'

const decoders = captureDecoders(createInterner())
const kinds = Object.entries(decoders)

describe('lists captured from an apiserver', () => {
  it.each(kinds)('%s decode to the same rows from protobuf and from JSON', (name, decoder) => {
    const fromProtobuf = decodeList(readCapture(`${name}.list.pb`), 'protobuf', decoder)
    const fromJson = decodeList(readCapture(`${name}.list.json`), 'json', decoder)
    expect(fromProtobuf.items.length).toBeGreaterThan(0)
    expect(fromProtobuf).toEqual(fromJson)
    expect(fromProtobuf).toMatchObject({ invalid: [], resourceVersion: '762', continueToken: '' })
    for (const [i, row] of fromProtobuf.items.entries()) {
      expect(decoder.equals(row, fromJson.items[i] as typeof row)).toBe(true)
    }
  })

  it('a pod has the fields of the capture', () => {
    const { items } = decodeList(readCapture('pods.list.pb'), 'protobuf', podDecoder(createInterner()))
    expect(items[0]).toEqual({
      name: 'adservice-748f6f68d4-6j5rs',
      namespace: 'default',
      uid: 'e092c739-f645-48a4-8a7c-71ccf4efc95a',
      resourceVersion: 685,
      labels: {
        app: 'adservice',
        'pod-template-hash': '748f6f68d4',
        'topology.kubernetes.io/region': 'europe-west1',
        'topology.kubernetes.io/zone': 'europe-west1-b',
      },
      nodeName: 'gke-prod-pool-1-8a9f2b3c-0000',
      serviceAccount: 'adservice',
      hostNetwork: false,
      phase: 'Running',
      hostIP: '10.132.0.2',
      podIPs: ['10.4.0.10', 'fd00:4::a'],
      ports: [{ name: '', port: 9555, protocol: 'TCP' }],
      deleting: false,
    })
  })
})

function eventsOf(file: string, format: WireFormat, kind: string) {
  const decoder = decoders[kind]
  if (decoder === undefined) throw new Error(`no decoder for ${kind}`)
  const frames = framesOf(readCapture(file), format)
  return frames.map((frame) => decodeWatchEvent(frame, { format, decoder }))
}

describe('watches captured from an apiserver', () => {
  it.each(['pods', 'nodes'])('%s decode to the same events from protobuf and from JSON', (kind) => {
    const fromProtobuf = eventsOf(`${kind}.watch.pb`, 'protobuf', kind)
    expect(fromProtobuf.length).toBeGreaterThan(0)
    expect(fromProtobuf).toEqual(eventsOf(`${kind}.watch.json`, 'json', kind))
  })

  it('node heartbeats change nothing that is acted on', () => {
    const decoder = decoders.nodes
    if (decoder === undefined) throw new Error('no decoder')
    const listed = new Map(
      decodeList(readCapture('nodes.list.pb'), 'protobuf', decoder).items.map((row) => [row.name, row]),
    )
    for (const event of eventsOf('nodes.watch.pb', 'protobuf', 'nodes')) {
      if (event.type !== 'MODIFIED') throw new Error(`unexpected ${event.type}`)
      const before = listed.get(event.row.name)
      expect(before?.resourceVersion).not.toBe(event.row.resourceVersion)
      expect(before !== undefined && decoder.equals(before, event.row)).toBe(true)
    }
  })

  it('an ERROR event carries its Status', () => {
    expect(eventsOf('pods.watchlist.pb', 'protobuf', 'pods')).toEqual([
      {
        type: 'ERROR',
        status: expect.objectContaining({ code: 500, reason: 'InternalError', retryAfterSeconds: 0 }),
      },
    ])
  })
})
