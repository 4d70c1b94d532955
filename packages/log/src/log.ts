import type { Sink } from './sinks.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export type Fields = Readonly<Record<string, unknown>>

export type LogEvent = Readonly<{
  timeMs: number
  level: LogLevel
  /** Dotted path of component names, outermost first. */
  component: string
  /** Short and fixed: values belong into fields. */
  message: string
  fields: Fields
}>

/** Injected, never imported: one child per component. An error is logged once, where it is decided. */
export type Logger = {
  child(component: string, fields?: Fields): Logger
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

export function createLogger({
  sink,
  level = 'info',
  component = '',
  fields = {},
  now = Date.now,
}: {
  sink: Sink
  level?: LogLevel
  component?: string
  fields?: Fields
  now?: () => number
}): Logger {
  const threshold = logLevels.indexOf(level)
  const write = (at: LogLevel, message: string, more: Fields = {}) => {
    if (logLevels.indexOf(at) < threshold) return
    sink({ timeMs: now(), level: at, component, message, fields: { ...fields, ...more } })
  }
  return {
    child: (name, more = {}) =>
      createLogger({
        sink,
        level,
        component: component === '' ? name : `${component}.${name}`,
        fields: { ...fields, ...more },
        now,
      }),
    debug: (message, more) => write('debug', message, more),
    info: (message, more) => write('info', message, more),
    warn: (message, more) => write('warn', message, more),
    error: (message, more) => write('error', message, more),
  }
}
