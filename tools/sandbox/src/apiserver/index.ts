export type { FaultOptions, Faults } from './faults.ts'
export { type ApiServer, type ApiServerOptions, startApiServer } from './server.ts'
export type { RateLimit } from './token-bucket.ts'
export type { VerbContext } from './verbs/context.ts'
