export { jsonDecoder, type ObjectWithMetadata } from './json-decoder.ts'
export {
  type Reflector,
  type ReflectorEvent,
  type ReflectorOptions,
  type ReflectorPhase,
  type ReflectorSettings,
  type ReflectorStatus,
  startReflector,
} from './reflector.ts'
export type { SelfCheckOptions } from './self-check.ts'
export type { ResourceSelection } from './source.ts'
export {
  createCiliumNodeTable,
  createEndpointSliceTable,
  createNamespaceTable,
  createNetworkPolicyTable,
  createNodeTable,
  createPodTable,
  createServiceTable,
} from './tables.ts'
