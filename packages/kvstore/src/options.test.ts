import { defineOptions, parseOptions } from '@axoneme/options'
import { describe, expect, it } from 'vitest'
import { etcdOptions, kvstoreOptions } from './options.ts'

const options = defineOptions(kvstoreOptions({ qps: 50 }))
const parse = (...argv: string[]) =>
  etcdOptions(
    parseOptions(options, { argv: ['--kvstore-endpoints', 'http://a:1,http://b:1', ...argv] }).config,
  )

describe('kvstore options', () => {
  it('need the endpoints only', () => {
    expect(parse()).toEqual({
      endpoints: ['http://a:1', 'http://b:1'],
      rateLimit: { perSecond: 50, burst: 100 },
    })
  })

  it('name the files of credentials, and may have no rate limit', () => {
    expect(
      parse(
        '--kvstore-ca-file',
        '/ca',
        '--kvstore-username',
        'u',
        '--kvstore-password-file',
        '/p',
        '--kvstore-qps',
        '0',
      ),
    ).toEqual({
      endpoints: ['http://a:1', 'http://b:1'],
      credentialFiles: { caFile: '/ca', certFile: '', keyFile: '', username: 'u', passwordFile: '/p' },
    })
  })
})
