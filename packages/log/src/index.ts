export { createLogger, type Fields, type LogEvent, type Logger, type LogLevel, logLevels } from './log.ts'
export { type LoggedEvent, observeLog } from './observe.ts'
export { jsonSink, type Sink, textSink } from './sinks.ts'
