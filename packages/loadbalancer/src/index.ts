export type { Backend, BackendState, FrontendRow } from './types.ts'
