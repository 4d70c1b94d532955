export type { LocalNode, RoutingMode } from './claims.ts'
export { createIpcacheController, type IpcacheController, type IpcacheControllerOptions } from './ipcache.ts'
export {
  createPrefixIdentityController,
  type PrefixIdentityController,
  type PrefixIdentityControllerOptions,
} from './prefix-identities.ts'
export { createIpcacheTable } from './table.ts'
export type { IpcacheRow, IpIdentityRow, NodeRow } from './types.ts'
