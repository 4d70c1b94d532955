export {
  type AddRequest,
  type AddressSource,
  createEndpointController,
  type EndpointController,
  type EndpointControllerOptions,
  type IdentitySource,
  type PodKnownEvent,
} from './controller.ts'
export {
  AttachmentExistsError,
  AttachmentGoneError,
  EndpointIdsExhaustedError,
  UnknownPodError,
} from './errors.ts'
export { createEndpointTable } from './table.ts'
export {
  type Attachment,
  attachmentKey,
  type EndpointId,
  type EndpointRow,
  type EndpointState,
  endpointKey,
  maxEndpointId,
} from './types.ts'
