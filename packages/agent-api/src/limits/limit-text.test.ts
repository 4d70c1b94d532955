import { parseOptions } from '@axoneme/options'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CallLimits, defaultCallLimits } from './call-limit.ts'
import { formatCallLimits, LimitTextError, parseCallLimits } from './limit-text.ts'
import { apiRateLimitOption } from './option.ts'

const limitOf = (text: string, call: keyof CallLimits = 'endpoint-create') =>
  parseCallLimits(text, defaultCallLimits)[call]

it.each([
  ['endpoint-create=rate-limit:2/s', { ratePerSecond: 2 }],
  ['endpoint-create=rate-limit:0.5/s,rate-burst:4', { ratePerSecond: 0.5, rateBurst: 4 }],
  ['endpoint-create=rate-limit:30/m', { ratePerSecond: 0.5 }],
  ['endpoint-create=rate-limit:1/5s', { ratePerSecond: 0.2 }],
  ['endpoint-create=rate-limit:0', { ratePerSecond: 0 }],
  ['endpoint-create=parallel-requests:0', { parallelRequests: 0 }],
  ['endpoint-create=parallel-requests:4,max-wait-duration:1m30s', { parallelRequests: 4, maxWaitMs: 90_000 }],
  ['endpoint-create=max-wait-duration:0', { maxWaitMs: 0 }],
  [' endpoint-delete=rate-burst:7, endpoint-create=parallel-requests:3,', { parallelRequests: 3 }],
  ['endpoint-create=rate-burst:7,endpoint-create=rate-burst:8', { rateBurst: 8 }],
  ['{"endpoint-create": "rate-limit:2/s,rate-burst:9"}', { ratePerSecond: 2, rateBurst: 9 }],
  ['', {}],
  ['{}', {}],
])('%s', (text, changes) => {
  expect(limitOf(text)).toEqual({ ...defaultCallLimits['endpoint-create'], ...changes })
})

it.each([
  ['rate-limit:2/s', 'begins with "rate-limit:2/s"'],
  ['endpoint-list=rate-limit:2/s', 'has "endpoint-list", but limits are of endpoint-create,'],
  ['endpoint-create = rate-burst:2', 'has "endpoint-create "'],
  ['endpoint-create=auto-adjust:true', 'sets "auto-adjust", but a limit has rate-limit,'],
  ['endpoint-create=__proto__:1', 'sets "__proto__"'],
  ['__proto__=rate-limit:2/s', 'has "__proto__"'],
  ['endpoint-create=rate-limit', 'sets rate-limit to "", not to 10/s'],
  ['endpoint-create=rate-limit:2', 'sets rate-limit to "2"'],
  ['endpoint-create=rate-limit:2/0s', 'sets rate-limit to "2/0s"'],
  ['endpoint-create=rate-limit:-2/s', 'sets rate-limit'],
  ['endpoint-create=rate-limit:1/2h', 'sets rate-limit'],
  ['endpoint-create=rate-limit:999999/ms', 'sets rate-limit'],
  ['endpoint-create=rate-burst:0', 'sets rate-burst to "0", not to 1 to 100000'],
  ['endpoint-create=parallel-requests:1.5', 'sets parallel-requests'],
  ['endpoint-create=parallel-requests:100001', 'sets parallel-requests'],
  ['endpoint-create=max-wait-duration:15', 'sets max-wait-duration'],
  ['endpoint-create=max-wait-duration:2h', 'sets max-wait-duration to "2h", not to a duration up to 1h'],
  ['{"endpoint-create": 1}', 'is no JSON object'],
  ['{"endpoint-create', 'is no JSON object'],
])('refuses %s', (text, message) => {
  expect(() => limitOf(text)).toThrow(message)
})

const limitArbitrary = fc.record({
  ratePerSecond: fc.nat({ max: 1000 }),
  rateBurst: fc.integer({ min: 1, max: 1000 }),
  parallelRequests: fc.nat({ max: 1000 }),
  maxWaitMs: fc.nat({ max: 3_600_000 }),
})
const limitsArbitrary: fc.Arbitrary<CallLimits> = fc.record({
  'endpoint-create': limitArbitrary,
  'endpoint-delete': limitArbitrary,
  'endpoint-verify': limitArbitrary,
})

it('reads back what it writes, whatever the defaults are', () => {
  fc.assert(
    fc.property(limitsArbitrary, limitsArbitrary, (limits, defaults) => {
      // Without a rate its burst means nothing.
      const said = (read: CallLimits) => formatCallLimits(read)
      expect(said(parseCallLimits(said(limits), defaults))).toBe(said(limits))
    }),
  )
})

it('takes or refuses any text', () => {
  const word = fc.constantFrom('endpoint-create', '=', ':', ',', 'rate-limit', '1/s', '{', '"', '}', '0')
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 3 }))), (words) => {
      try {
        parseCallLimits(words.join(''), defaultCallLimits)
      } catch (error) {
        expect(error).toBeInstanceOf(LimitTextError)
      }
    }),
  )
})

describe('the option', () => {
  const parse = (...argv: string[]) => parseOptions({ 'api-rate-limit': apiRateLimitOption }, { argv })

  it('adds up over several flags', () => {
    const { config } = parse(
      '--api-rate-limit=endpoint-create=rate-limit:2/s',
      '--api-rate-limit=endpoint-delete=parallel-requests:9',
    )
    expect(config.apiRateLimit['endpoint-create']).toMatchObject({ ratePerSecond: 2, rateBurst: 500 })
    expect(config.apiRateLimit['endpoint-delete']).toMatchObject({ parallelRequests: 9 })
  })

  it('names what is wrong', () => {
    expect(() => parse('--api-rate-limit=endpoint-create=log:true')).toThrow(
      /--api-rate-limit.*"endpoint-create=log:true" sets "log", but/,
    )
  })
})
