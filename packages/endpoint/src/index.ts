export { type EndpointId, type EndpointRow, type EndpointState, endpointKey } from './types.ts'
