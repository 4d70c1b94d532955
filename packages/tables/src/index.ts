export { allInitialized, derive } from './derive.ts'
export { type Changes, type FollowRun, follow } from './follow.ts'
export { MultiMap } from './multi-map.ts'
export {
  type Change,
  type ChangeStream,
  createTable,
  type Table,
  type TableOptions,
  type WritableTable,
} from './table.ts'
