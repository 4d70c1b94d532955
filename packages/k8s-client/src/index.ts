export type { BodyParts, BodyReader } from './answer.ts'
export { openK8sClient } from './client.ts'
export { K8sApiError, type K8sApiErrorDetails, K8sConfigError } from './errors.ts'
export { createJson, deleteJson, getJson, type PatchType, patchJson } from './json.ts'
export { type ResourcePath, resourcePath } from './path.ts'
export type {
  K8sCallEvent,
  K8sClient,
  K8sClientOptions,
  K8sMethod,
  K8sRequest,
  K8sResponse,
  K8sStream,
} from './types.ts'
