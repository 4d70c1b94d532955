export {
  createServiceController,
  type ServiceController,
  type ServiceControllerOptions,
} from './controller.ts'
export { frontendsOf } from './frontends.ts'
export { frontendKey, type L4Address } from './keys.ts'
export { createFrontendTable } from './table.ts'
export type { Backend, BackendState, FrontendRow } from './types.ts'
