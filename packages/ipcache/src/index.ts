export type { IpcacheRow, IpIdentityRow, NodeRow } from './types.ts'
