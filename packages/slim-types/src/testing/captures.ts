import { readFileSync } from 'node:fs'
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
  return {
    ...decoder,
    identify: (row) => decoder.identify(row as T),
    equals: (a, b) => decoder.equals(a as T, b as T),
  }
}
