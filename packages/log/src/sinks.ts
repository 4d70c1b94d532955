import type { LogEvent } from './log.ts'

export type Sink = (event: LogEvent) => void

/** One JSON object a line. */
export function jsonSink(write: (line: string) => void): Sink {
  return (event) =>
    write(
      `${JSON.stringify({
        time: new Date(event.timeMs).toISOString(),
        level: event.level,
        component: event.component,
        message: event.message,
        ...plainFields(event),
      })}\n`,
    )
}

/** For people: time, level, component, message, then `key=value`. */
export function textSink(write: (line: string) => void): Sink {
  return (event) => {
    const fields = Object.entries(plainFields(event))
      .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join('')
    const time = new Date(event.timeMs).toISOString().slice(11, 23)
    write(`${time} ${event.level.padEnd(5)} ${event.component}: ${event.message}${fields}\n`)
  }
}

function plainFields(event: LogEvent): Record<string, unknown> {
  return Object.fromEntries(Object.entries(event.fields).map(([key, value]) => [key, plain(value)]))
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (!(value instanceof Error)) return value
  const cause = value.cause === undefined ? '' : `: ${String(plain(value.cause))}`
  const code = 'code' in value ? ` [${String(value.code)}]` : ''
  return `${value.message}${code}${cause}`
}
