import { z } from 'zod'
import { formatDuration, parseDuration } from './duration.ts'
import type { Option } from './option.ts'

type Common<Value> = Readonly<{ help: string; default?: Value }>

function option<Value>(
  typeName: string,
  { help, default: fallback }: Common<Value>,
  {
    schema,
    format = String,
    isBoolean = false,
    isList = false,
  }: {
    schema: z.ZodType<Value, string>
    format?: (value: Value) => string
    isBoolean?: boolean
    isList?: boolean
  },
): Option<Value> {
  return Object.freeze({ typeName, schema, default: fallback, help, isBoolean, isList, format })
}

/** Any text; `pattern` narrows it. */
export function string(common: Common<string> & { pattern?: RegExp }): Option<string> {
  const { pattern } = common
  const schema = pattern === undefined ? z.string() : z.string().regex(pattern, `must match ${pattern}`)
  return option('string', common, { schema })
}

/** Exactly one of `values`. */
export function oneOf<const Value extends string>(
  values: readonly Value[],
  common: Common<NoInfer<Value>>,
): Option<Value> {
  const schema = z.string().transform((text, context) => {
    const value = values.find((candidate) => candidate === text)
    if (value !== undefined) return value
    context.addIssue(`must be one of ${values.join(', ')}`)
    return z.NEVER
  })
  return option(values.join('|'), common, { schema })
}

/** A decimal integer from `min` to `max`. */
export function integer(common: Common<number> & { min?: number; max?: number }): Option<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = common
  const bounds =
    common.min === undefined && common.max === undefined
      ? ''
      : ` ${common.min === undefined ? '' : min}..${common.max === undefined ? '' : max}`
  const schema = z
    .string()
    .regex(/^-?\d{1,16}$/, 'must be an integer')
    .transform(Number)
    .pipe(z.int('must be an integer').min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
  return option(`integer${bounds}`, common, { schema })
}

/** `true` or `false`; as a flag also `--name` and `--no-name`. */
export function boolean(common: Common<boolean>): Option<boolean> {
  const schema = z
    .string()
    .refine((text) => text === 'true' || text === 'false', 'must be true or false')
    .transform((text) => text === 'true')
  return option('boolean', common, { schema, isBoolean: true })
}

/** Milliseconds, written `250ms`, `30s`, `1m30s`, `12h`. */
export function duration(common: Common<number> & { minMs?: number; maxMs?: number }): Option<number> {
  const { minMs = 0, maxMs = Number.MAX_SAFE_INTEGER } = common
  const schema = z
    .string()
    .transform((text, context) => {
      const durationMs = parseDuration(text)
      if (durationMs !== undefined) return durationMs
      context.addIssue('must be a duration such as 250ms, 30s, 1m30s or 12h')
      return z.NEVER
    })
    .pipe(
      z
        .number()
        .min(minMs, `must be at least ${formatDuration(minMs)}`)
        .max(maxMs, `must be at most ${formatDuration(maxMs)}`),
    )
  return option('duration', common, { schema, format: formatDuration })
}

/** Comma-separated; a repeated flag adds items. Items are trimmed, empty ones are dropped. */
export function list(common: Common<readonly string[]>): Option<readonly string[]> {
  const schema = z.string().transform((text): readonly string[] => Object.freeze(splitList(text)))
  return option('list', common, { schema, isList: true, format: (value) => value.join(',') })
}

/** An IP prefix: `10.0.0.0/8`. Empty is allowed only where it is the default. */
export function cidr(common: Common<string>): Option<string> {
  return addressOption('cidr', common, 'an IP prefix such as 10.0.0.0/8', (text) =>
    [z.cidrv4(), z.cidrv6()].some((schema) => schema.safeParse(text).success),
  )
}

/** Prefixes, comma-separated. */
export function cidrList(common: Common<readonly string[]>): Option<readonly string[]> {
  const one = cidr({ help: common.help })
  const schema = z.string().transform((text, context): readonly string[] => {
    const items = splitList(text)
    const bad = items.find((item) => !one.schema.safeParse(item).success)
    if (bad !== undefined) context.addIssue(`${bad} is not an IP prefix such as 10.0.0.0/8`)
    return Object.freeze(items)
  })
  return option('cidr list', common, { schema, isList: true, format: (value) => value.join(',') })
}

/** An IP address. Empty is allowed only where it is the default. */
export function ip(common: Common<string>): Option<string> {
  return addressOption('ip', common, 'an IP address', (text) =>
    [z.ipv4(), z.ipv6()].some((schema) => schema.safeParse(text).success),
  )
}

/** An absolute path. Empty is allowed only where it is the default. */
export function path(common: Common<string>): Option<string> {
  return addressOption(
    'path',
    common,
    'an absolute path',
    (text) => text.startsWith('/') && !text.includes('\0'),
  )
}

function addressOption(
  typeName: string,
  common: Common<string>,
  expected: string,
  isValid: (text: string) => boolean,
): Option<string> {
  const mayBeEmpty = common.default === ''
  const schema = z
    .string()
    .refine((text) => (text === '' && mayBeEmpty) || isValid(text), `must be ${expected}`)
  return option(typeName, common, { schema })
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
