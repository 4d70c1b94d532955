export { abortable } from './abortable.ts'
export { type Clock, isAbort, sleep, systemClock } from './clock.ts'
export { CodedError, type CodedErrorOptions, describeError, isRetryable } from './errors.ts'
export { type Closable, Scope } from './scope.ts'
