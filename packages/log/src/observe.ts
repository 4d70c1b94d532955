import type { Logger, LogLevel } from './log.ts'

/** A line that was logged, or that its level kept from being. */
export type LoggedEvent = Readonly<{ level: LogLevel; component: string }>

/** `log` and its children, each of whose lines is also told to `observe`, with the component's dotted path. */
export function observeLog(
  log: Logger,
  { component = '', observe }: { component?: string; observe: (event: LoggedEvent) => void },
): Logger {
  const at =
    (level: LogLevel): Logger[LogLevel] =>
    (message, fields) => {
      observe({ level, component })
      log[level](message, fields)
    }
  return {
    child: (name, fields) =>
      observeLog(log.child(name, fields), {
        component: component === '' ? name : `${component}.${name}`,
        observe,
      }),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}
