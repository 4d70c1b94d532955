import type { L4Address } from './keys.ts'
import type { BackendState } from './types.ts'

/**
 * One write to one load balancing map. The maps: service entries (slot 0 with the count, slots 1 to count with backend
 * ids) by frontend, backends by id, reverse NAT by index. A frontend's address, port and protocol are in `frontend`.
 */
export type LbOperation =
  | Readonly<{ kind: 'put-backend'; id: number; backend: LbBackend }>
  | Readonly<{ kind: 'put-slot'; frontend: L4Address; slot: number; backendId: number }>
  | Readonly<{ kind: 'put-reverse-nat'; index: number; frontend: L4Address }>
  | Readonly<{ kind: 'put-service'; frontend: L4Address; service: LbService }>
  | Readonly<{ kind: 'delete-service'; frontend: L4Address }>
  | Readonly<{ kind: 'delete-reverse-nat'; index: number; frontend: L4Address }>
  | Readonly<{ kind: 'delete-slot'; frontend: L4Address; slot: number }>
  | Readonly<{ kind: 'delete-backend'; id: number; backend: LbBackend }>

export type LbBackend = L4Address & Readonly<{ state: BackendState }>
export type LbService = Readonly<{ count: number; revNatIndex: number }>

/** What the maps held when they were read. */
export type LbSnapshot = Readonly<{
  backends: Iterable<Readonly<{ id: number; backend: LbBackend }>>
  /** Slot 0 of each service. */
  services: Iterable<Readonly<{ frontend: L4Address; service: LbService }>>
  slots: Iterable<Readonly<{ frontend: L4Address; slot: number; backendId: number }>>
  reverseNat: Iterable<Readonly<{ index: number; frontend: L4Address }>>
}>
