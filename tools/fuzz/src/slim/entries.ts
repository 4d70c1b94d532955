import { type RowsByHash, textOfKey } from '@axoneme/key-hash'
import {
  anyJson,
  ciliumClusterwideNetworkPolicyDecoder,
  ciliumEndpointDecoder,
  ciliumIdentityDecoder,
  ciliumNetworkPolicyDecoder,
  ciliumNodeDecoder,
  createInterner,
  type Decoder,
  decodeList,
  decodeMetadataList,
  decodeStatus,
  decodeWatchEvent,
  endpointSliceDecoder,
  type Interner,
  namespaceDecoder,
  networkPolicyDecoder,
  nodeDecoder,
  openEnvelope,
  podDecoder,
  readJson,
  serviceDecoder,
  type WatchEvent,
  type WireFormat,
  wholeMessage,
} from '@axoneme/slim-types'
import { InvariantError } from '../errors.ts'

/** A way in for bytes from an apiserver. */
export type Entry = Readonly<{
  name: string
  format: WireFormat
  /** Whether what comes out is a row or the like, holds rows, or may be anything. */
  gives: 'row' | 'rows' | 'anything'
  /** With what is remembered of earlier inputs, or of none: that must not be seen. */
  decode: (bytes: Buffer, memory: Memory) => unknown
  /** The same of what JSON.parse makes of the bytes. */
  decodeParsed?: (value: unknown) => unknown
}>

type Memory = 'kept' | 'fresh'

/** The entry that an input is for, by its first byte. */
export function entryOf(input: Buffer): Entry {
  return entries[(input[0] ?? 0) % entries.length]!
}

/** What begins an input for the entry. Throws when there is none of that name. */
export function selectorOf(name: string): Buffer {
  const index = entries.findIndex((entry) => entry.name === name)
  if (index < 0) throw new RangeError(`no entry is called ${name}`)
  return Buffer.from([index])
}

export const entries: readonly Entry[] = [
  ...entriesOf(podDecoder),
  ...entriesOf(nodeDecoder),
  ...entriesOf(serviceDecoder),
  ...entriesOf(endpointSliceDecoder),
  ...entriesOf(networkPolicyDecoder),
  ...entriesOf(namespaceDecoder),
  ...entriesOf(ciliumNodeDecoder),
  ...entriesOf(ciliumEndpointDecoder),
  ...entriesOf(ciliumIdentityDecoder),
  ...entriesOf(ciliumNetworkPolicyDecoder),
  ...entriesOf(ciliumClusterwideNetworkPolicyDecoder),
  { name: 'status json', format: 'json', gives: 'row', decode: (bytes) => decodeStatus(bytes, 'json') },
  {
    name: 'status protobuf',
    format: 'protobuf',
    gives: 'row',
    decode: (bytes) => decodeStatus(bytes, 'protobuf'),
  },
  { name: 'metadata list', format: 'json', gives: 'row', decode: (bytes) => decodeMetadataList(bytes) },
  {
    name: 'any json',
    gives: 'anything',
    format: 'json',
    decode: (bytes) => readJson(wholeMessage(bytes), anyJson),
    decodeParsed: (value) => value,
  },
]

function entriesOf<T>(factory: (interner: Interner) => Decoder<T>): Entry[] {
  const kept = factory(createInterner({ maxEntries: 2000 }))
  const decoderOf = (memory: Memory) => (memory === 'kept' ? kept : factory(createInterner()))
  const { kind } = kept
  const formats: WireFormat[] = kept.fromProtobuf === undefined ? ['json'] : ['json', 'protobuf']
  return formats.flatMap((format) => [
    {
      ...{ name: `${kind} ${format}`, format, gives: 'row' },
      decode: (bytes, memory) => rowOf(bytes, format, decoderOf(memory)),
      ...(format === 'json' ? { decodeParsed: (value) => decoderOf('fresh').fromJson(value) } : {}),
    },
    {
      ...{ name: `${kind} list ${format}`, format, gives: 'rows' },
      decode: (bytes, memory) => decodeList(bytes, format, decoderOf(memory)),
    },
    {
      ...{ name: `${kind} event ${format}`, format, gives: 'rows' },
      decode: (bytes, memory) =>
        memory === 'fresh'
          ? decodeWatchEvent(wholeMessage(bytes), { format, decoder: decoderOf(memory) })
          : knownEvent(bytes, format, kept),
    },
  ])
}

/** An event for an object whose state is known already: a decoder may say so, but nothing else. */
function knownEvent<T>(bytes: Buffer, format: WireFormat, decoder: Decoder<T>): WatchEvent<T> {
  const frame = wholeMessage(bytes)
  const event = decodeWatchEvent(frame, { format, decoder })
  if (event.type !== 'ADDED' && event.type !== 'MODIFIED') return event
  const { key } = decoder.identify(event.row)
  const known: RowsByHash<T> = {
    hashOf: (bytes) => (textOfKey(bytes) === key ? 1 : 0),
    guess: () => event.row,
    find: (hash, isIt) => (hash === 1 && isIt(event.row) ? event.row : undefined),
  }
  const again = decodeWatchEvent(frame, { format, decoder, known })
  if (!('known' in again) || again.known === undefined) return again
  if (again.row !== again.known) throw new InvariantError(`a ${decoder.kind} that differs from itself`)
  return { ...again, known: undefined }
}

/** An object alone: in JSON as it is, in protobuf in its envelope. */
function rowOf<T>(bytes: Buffer, format: WireFormat, decoder: Decoder<T>): T {
  const row =
    format === 'json' || decoder.fromProtobuf === undefined
      ? decoder.fromJson(readJson(wholeMessage(bytes), decoder.jsonShape))
      : decoder.fromProtobuf(openEnvelope(wholeMessage(bytes)))
  if (!decoder.equals(row, row)) throw new InvariantError(`a ${decoder.kind} that is not equal to itself`)
  decoder.identify(row)
  return row
}
