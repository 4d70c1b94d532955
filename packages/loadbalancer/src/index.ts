export { createLbAllocator, type LbAllocator } from './allocator.ts'
export {
  createServiceController,
  type ServiceController,
  type ServiceControllerOptions,
  type ServiceRun,
} from './controller.ts'
export { LbNumbersExhaustedError, TooManyBackendsError } from './errors.ts'
export { frontendsOf } from './frontends.ts'
export { frontendKey, type L4Address } from './keys.ts'
export type { LbBackend, LbOperation, LbService, LbSnapshot } from './operations.ts'
export { createLbPlanner, type LbPlanner } from './planner.ts'
export { createFrontendTable } from './table.ts'
export { type Backend, type BackendState, type FrontendRow, serving } from './types.ts'
