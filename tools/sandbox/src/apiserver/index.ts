export { type ApiServer, startApiServer } from './server.ts'
export type { VerbContext } from './verbs/context.ts'
