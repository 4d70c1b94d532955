import { readFileSync } from 'node:fs'
import {
  createFrameSplitter,
  type Decoder,
  endpointSliceDecoder,
  type Interner,
  type MessageBytes,
  namespaceDecoder,
  networkPolicyDecoder,
  nodeDecoder,
  podDecoder,
  type SlimMeta,
  serviceDecoder,
  type WireFormat,
  wholeMessage,
} from '../index.ts'

/** A file of the captures from a real apiserver. */
export function readCapture(name: string): Buffer {
  return readFileSync(new URL(`../../../../../shared/data/wire/${name}`, import.meta.url))
}

/** The frames of a whole watch. */
export function framesOf(bytes: Uint8Array, format: WireFormat): MessageBytes[] {
  const frames: MessageBytes[] = []
  createFrameSplitter(format).push(wholeMessage(bytes), (frame) => frames.push(frame))
  return frames
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
          updatesFromProtobuf: (recall) =>
            updates((key, isIt) => recall(key, (row) => isIt(row as T)) as T | undefined),
        }),
    identify: (row) => decoder.identify(row as T),
    equals: (a, b) => decoder.equals(a as T, b as T),
  }
}
