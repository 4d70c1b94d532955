export { type AddressPool, createAddressPool, type Lease, type PoolEvent } from './address-pool.ts'
export { allocatePodCidrs, type PodCidrConflict, type PodCidrPlan } from './cluster-pool.ts'
export {
  AddressTakenError,
  AddressUnavailableError,
  PoolConfigError,
  PoolExhaustedError,
} from './errors.ts'
