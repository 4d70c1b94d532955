export { ciliumEndpointDecoder } from './cilium-endpoint.ts'
export { ciliumIdentityDecoder } from './cilium-identity.ts'
export { ciliumNodeDecoder } from './cilium-node.ts'
export { ciliumClusterwideNetworkPolicyDecoder, ciliumNetworkPolicyDecoder } from './cilium-policy.ts'
export type { DecodedObject, Decoder, Updates } from './decoder.ts'
export { endpointSliceDecoder } from './endpoint-slice.ts'
export { type Envelope, openEnvelope } from './envelope.ts'
export { equalsIgnoringVersion } from './equals.ts'
export { DecodeError } from './errors.ts'
export { createFrameSplitter, type FrameSplitter, framesOf } from './frames.ts'
export { createInterner, type Interner } from './interner.ts'
export { readJson } from './json-reader.ts'
export {
  anyJson,
  type JsonShape,
  listShape,
  objectShape,
  resourceShape,
  sharedMap,
  sharedText,
} from './json-shape.ts'
export { selectorMatches } from './label-selector.ts'
export { decodeList, type InvalidObject, type ObjectList } from './list.ts'
export type { ObjectIdentity } from './meta.ts'
export { decodeMetadataList, type MetadataList, metadataListMediaType } from './metadata-list.ts'
export { namespaceDecoder } from './namespace.ts'
export { networkPolicyDecoder } from './network-policy.ts'
export { nodeDecoder } from './node.ts'
export { equalPods, podDecoder } from './pod.ts'
export { type MessageBytes, wholeMessage } from './protobuf.ts'
export { type ResourceVersion, resourceVersionOf } from './resource-version.ts'
export { serviceDecoder } from './service.ts'
export { type ApiStatus, decodeStatus, isExpired } from './status.ts'
export {
  hasObjectKey,
  type Labels,
  objectKey,
  type SlimCiliumEndpoint,
  type SlimCiliumIdentity,
  type SlimCiliumNode,
  type SlimCiliumPolicy,
  type SlimContainerPort,
  type SlimEndpointSlice,
  type SlimLabelSelector,
  type SlimLabelSelectorRequirement,
  type SlimMeta,
  type SlimNamespace,
  type SlimNetworkPolicy,
  type SlimNetworkPolicyPeer,
  type SlimNetworkPolicyPort,
  type SlimNetworkPolicyRule,
  type SlimNode,
  type SlimNodeAddress,
  type SlimPod,
  type SlimService,
  type SlimServicePort,
  type SlimSliceEndpoint,
} from './types.ts'
export { createWatchDecoder, decodeWatchEvent, type WatchDecoder, type WatchEvent } from './watch-event.ts'
export { jsonMediaType, protobufMediaType, type WireFormat, wireFormatOf } from './wire-format.ts'
