import { readFile } from 'node:fs/promises'
import { framesOf } from '@axoneme/slim-types'
import type { Seed } from '../target.ts'
import { selectorOf } from './entries.ts'
import { parseMessage, prefixOf, type WireField, writeMessage } from './protobuf-tree.ts'

const data = new URL('../../../../../shared/data/', import.meta.url)
/** Of runtime.Unknown. */
const rawField = 2
const nothing = Buffer.alloc(0)
const kinds = {
  pods: 'Pod',
  nodes: 'Node',
  services: 'Service',
  endpointslices: 'EndpointSlice',
  networkpolicies: 'NetworkPolicy',
  namespaces: 'Namespace',
} as const
const customKinds = {
  ciliumnodes: 'CiliumNode',
  ciliumendpoints: 'CiliumEndpoint',
  ciliumidentities: 'CiliumIdentity',
} as const
const policy = {
  apiVersion: 'cilium.io/v2',
  metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '7', labels: { a: 'b' } },
  spec: { endpointSelector: { matchLabels: { app: 'web' } }, ingress: [{ fromEntities: ['world'] }] },
  specs: [
    { endpointSelector: {}, egress: [{ toCIDRSet: [{ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }] }] },
  ],
  status: { conditions: [{ type: 'Valid', status: 'True' }] },
}

/** Captured lists and watches cut to a few objects, each also alone and as an event of a watch. */
export async function slimSeeds(): Promise<Seed[]> {
  const seeds = await Promise.all([
    ...Object.entries(kinds).flatMap(([name, kind]) => [
      jsonSeeds(`wire/${name}.list.json`, kind),
      protobufSeeds(`wire/${name}.list.pb`, kind),
    ]),
    ...Object.entries(customKinds).map(([name, kind]) => jsonSeeds(`cilium/${name}.json`, kind)),
    eventSeeds('wire/pods.watch.pb', 'Pod'),
    eventSeeds('wire/nodes.watch.pb', 'Node'),
    eventSeeds('wire/pods.watchlist.pb', 'Pod'),
    readFile(new URL('wire/list-expired.410.pb', data)).then((bytes) => [seed('status protobuf', bytes)]),
  ])
  return [...seeds.flat(), ...writtenSeeds()]
}

function seed(entry: string, content: Uint8Array | object): Seed {
  const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content))
  return { name: entry, bytes: Buffer.concat([selectorOf(entry), bytes]) }
}

function writtenSeeds(): Seed[] {
  const bookmark = {
    kind: 'Pod',
    metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } },
  }
  const status = {
    kind: 'Status',
    code: 410,
    reason: 'Expired',
    message: 'old',
    details: { retryAfterSeconds: 1 },
  }
  const metadata = { resourceVersion: '7', continue: 'next', remainingItemCount: 3 }
  return [
    ...['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'].flatMap((kind) =>
      jsonSeedsOf([{ kind, ...policy }], kind),
    ),
    seed('Pod event json', { type: 'BOOKMARK', object: bookmark }),
    seed('Pod event json', { type: 'ERROR', object: status }),
    seed('status json', status),
    seed('metadata list', { kind: 'PartialObjectMetadataList', metadata, items: [policy] }),
    seed('any json', policy),
  ]
}

async function jsonSeeds(path: string, kind: string): Promise<Seed[]> {
  const { items }: { items: readonly object[] } = JSON.parse(await readFile(new URL(path, data), 'utf8'))
  return jsonSeedsOf(items.slice(0, 2), kind)
}

function jsonSeedsOf(items: readonly object[], kind: string): Seed[] {
  return [
    seed(`${kind} json`, items[0]!),
    seed(`${kind} list json`, {
      kind: `${kind}List`,
      metadata: { resourceVersion: '7', continue: '' },
      items,
    }),
    seed(`${kind} event json`, { type: 'MODIFIED', object: { ...items[0], kind } }),
  ]
}

async function protobufSeeds(path: string, kind: string): Promise<Seed[]> {
  const bytes = await readFile(new URL(path, data))
  const list = messagesIn(messageOf(bytes), rawField)
  const items = list.filter(({ tag }) => tag === tagOf(2))
  const short = list.filter((field) => !items.slice(2).includes(field))
  const object = envelope(items[0]?.fields ?? [], kind)
  const event = [
    { tag: tagOf(1), bytes: Buffer.from('MODIFIED') },
    { tag: tagOf(2), bytes: nothing, fields: [{ tag: tagOf(1), bytes: object }] },
  ]
  return [
    seed(`${kind} list protobuf`, envelope(short, `${kind}List`)),
    seed(`${kind} protobuf`, object),
    seed(`${kind} event protobuf`, writeMessage(event)),
  ]
}

/** `k8s\0` and runtime.Unknown around the fields of an object. */
function envelope(fields: WireField[], kind: string): Buffer {
  const type = { tag: tagOf(1), bytes: nothing, fields: [{ tag: tagOf(2), bytes: Buffer.from(kind) }] }
  return Buffer.concat([
    Buffer.from('k8s\0', 'latin1'),
    writeMessage([type, { tag: tagOf(rawField), bytes: nothing, fields }]),
  ])
}

async function eventSeeds(path: string, kind: string): Promise<Seed[]> {
  const capture = await readFile(new URL(path, data))
  return framesOf(capture, 'protobuf')
    .slice(0, 3)
    .map(({ bytes, start, end }) => seed(`${kind} event protobuf`, bytes.subarray(start, end)))
}

/** Of a text or message. */
function tagOf(number: number): number {
  return (number << 3) | 2
}

function messageOf(bytes: Buffer): WireField[] {
  const message = parseMessage(bytes.subarray(prefixOf(bytes).length))
  if (message === undefined) throw new TypeError('a capture that is no message')
  return message
}

function messagesIn(message: readonly WireField[], number: number): WireField[] {
  return message.find(({ tag }) => tag === tagOf(number))?.fields ?? []
}
