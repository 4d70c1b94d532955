import { readFileSync } from 'node:fs'
import { hashOfBytes, type RowsByHash, textOfKey } from '@axoneme/key-hash'
import {
  type Decoder,
  endpointSliceDecoder,
  type Interner,
  namespaceDecoder,
  networkPolicyDecoder,
  nodeDecoder,
  podDecoder,
  type SlimMeta,
  serviceDecoder,
} from '../index.ts'

/** A file of the captures from a real apiserver. */
export function readCapture(name: string): Buffer {
  return readFileSync(new URL(`../../../../../shared/data/wire/${name}`, import.meta.url))
}

/** What is known, by key. */
export function rowsByHash<T>(known: (key: string) => T | undefined): RowsByHash<T> {
  const keys = new Map<number, string>()
  const rowOf = (hash: number) => known(keys.get(hash) ?? '')
  return {
    hashOf(key) {
      const hash = hashOfBytes(key, 0)
      keys.set(hash, textOfKey(key))
      return hash
    },
    guess: rowOf,
    find(hash, isIt) {
      const row = rowOf(hash)
      return row !== undefined && isIt(row) ? row : undefined
    },
  }
}

/** The decoder of each kind that was captured, by the first word of the file names. */
export function captureDecoders(interner: Interner): Record<string, Decoder<SlimMeta>> {
  return {
    endpointslices: widened(endpointSliceDecoder(interner)),
    namespaces: widened(namespaceDecoder(interner)),
    networkpolicies: widened(networkPolicyDecoder(interner)),
    nodes: widened(nodeDecoder(interner)),
    pods: widened(podDecoder(interner)),
    services: widened(serviceDecoder(interner)),
  }
}

/** Rows are only compared and identified here, by what they were made with. */
function widened<T extends SlimMeta>(decoder: Decoder<T>): Decoder<SlimMeta> {
  const { updatesFromProtobuf: updates, ...rest } = decoder
  return {
    ...rest,
    ...(updates === undefined
      ? {}
      : {
          updatesFromProtobuf: (known) =>
            updates({
              hashOf: (key) => known.hashOf(key),
              guess: (hash) => known.guess(hash) as T | undefined,
              find: (hash, isIt) => known.find(hash, (row) => isIt(row as T)) as T | undefined,
            }),
        }),
    identify: (row) => decoder.identify(row as T),
    equals: (a, b) => decoder.equals(a as T, b as T),
  }
}
