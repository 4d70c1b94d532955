import { formatDuration, parseDuration } from '@axoneme/options'
import { z } from 'zod'
import { type CallLimit, type CallLimits, type LimitedCall, limitedCalls } from './call-limit.ts'

/** Timers of the runtime end at 24 days; nobody waits that long here. */
const maxMs = 3_600_000
const maxCount = 100_000

type Setting = Readonly<{
  field: keyof CallLimit
  like: string
  /** Undefined for text that is none. */
  parse: (text: string) => number | undefined
}>

/**
 * Those of Cilium's api-rate-limit that set a limit. Those that adjust it by itself are not here: what a call takes while
 * many pods start is mostly its wait for the others, so that a limit that follows it holds back most when most wait.
 */
const settings = new Map<string, Setting>([
  ['rate-limit', { field: 'ratePerSecond', like: '10/s, 30/m, 1/5s or 0', parse: parseRate }],
  ['rate-burst', { field: 'rateBurst', like: `1 to ${maxCount}`, parse: (text) => parseCount(text, 1) }],
  ['parallel-requests', { field: 'parallelRequests', like: `0 to ${maxCount}`, parse: parseCount }],
  ['max-wait-duration', { field: 'maxWaitMs', like: 'a duration up to 1h', parse: parseWait }],
])

/** What is wrong with a text of limits, to be said after the text. */
export class LimitTextError extends Error {}

/**
 * `text` over `defaults`, in either of Cilium's notations: `CALL=SETTING:VALUE,SETTING:VALUE,CALL=...`, or a JSON object
 * of `CALL` to `SETTING:VALUE,...`. What comes later wins. @throws LimitTextError naming the part that is wrong.
 */
export function parseCallLimits(text: string, defaults: CallLimits): CallLimits {
  const limits: Record<LimitedCall, CallLimit> = { ...defaults }
  for (const [name, pairs] of callsIn(text)) {
    const call = limitedCalls.find((known) => known === name)
    if (call === undefined)
      throw new LimitTextError(`has ${quote(name)}, but limits are of ${limitedCalls.join(', ')}`)
    for (const pair of splitList(pairs)) {
      const [key = '', value = ''] = splitAt(pair, ':')
      const setting = settings.get(key)
      if (setting === undefined) {
        throw new LimitTextError(`sets ${quote(key)}, but a limit has ${[...settings.keys()].join(', ')}`)
      }
      const parsed = setting.parse(value)
      if (parsed === undefined)
        throw new LimitTextError(`sets ${key} to ${quote(value)}, not to ${setting.like}`)
      limits[call] = { ...limits[call], [setting.field]: parsed }
    }
  }
  return limits
}

/** The shortest text that `parseCallLimits` makes the same of. */
export function formatCallLimits(limits: CallLimits): string {
  return limitedCalls
    .map((call) => {
      const { ratePerSecond, rateBurst, parallelRequests, maxWaitMs } = limits[call]
      const rate =
        ratePerSecond === 0 ? ['rate-limit:0'] : [`rate-limit:${ratePerSecond}/s`, `rate-burst:${rateBurst}`]
      const wait = formatDuration(maxWaitMs)
      return `${call}=${[...rate, `parallel-requests:${parallelRequests}`, `max-wait-duration:${wait}`].join(',')}`
    })
    .join(',')
}

const jsonSchema = z.record(z.string(), z.string())

/** Each call with the text of its settings. */
function callsIn(text: string): [call: string, settings: string][] {
  if (text.trimStart().startsWith('{')) return Object.entries(jsonOf(text))
  const calls: [string, string][] = []
  for (const item of splitList(text)) {
    const [left, right] = splitAt(item, '=')
    const last = calls.at(-1)
    if (right !== undefined) calls.push([left, right])
    else if (last !== undefined) last[1] += `,${left}`
    else throw new LimitTextError(`begins with ${quote(item)}, not with a call and =`)
  }
  return calls
}

function jsonOf(text: string): Record<string, string> {
  try {
    return jsonSchema.parse(JSON.parse(text))
  } catch {
    throw new LimitTextError('is no JSON object of calls to texts')
  }
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function splitAt(text: string, separator: string): [left: string, right: string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** `10/s`, `30/m`, `1/5s`: at most 100,000 a second, at least one an hour. */
function parseRate(text: string): number | undefined {
  if (text === '0') return 0
  const [, count = '', unit = ''] = /^(\d{1,6}(?:\.\d{1,20})?)\/(\w+)$/.exec(text) ?? []
  const everyMs = parseDuration(/^\d/.test(unit) ? unit : `1${unit}`)
  if (everyMs === undefined || everyMs === 0) return undefined
  const perSecond = (Number(count) * 1000) / everyMs
  return perSecond <= maxCount && perSecond >= 1000 / maxMs ? perSecond : undefined
}

function parseCount(text: string, least = 0): number | undefined {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  return count >= least && count <= maxCount ? count : undefined
}

function parseWait(text: string): number | undefined {
  const durationMs = parseDuration(text)
  return durationMs !== undefined && durationMs <= maxMs ? durationMs : undefined
}

function quote(text: string): string {
  return JSON.stringify(text)
}
