import { readFileSync } from 'node:fs'
import { createLogger } from '@axoneme/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority } from '../testing/certificates.ts'
import { until } from '../testing/contract-harness.ts'
import { startEtcd, startFaultProxy, type TestEtcd } from '../testing/index.ts'
import type { KvStatus } from '../types.ts'
import { type EtcdKvstoreOptions, openEtcdKvstore } from './open.ts'

describe('etcd with TLS', () => {
  const authority = createAuthority()
  const log = createLogger({ sink: () => {} })
  const client = authority.issue('client')
  let etcd: TestEtcd

  beforeAll(async () => {
    etcd = await startEtcd({ tls: { caFile: authority.caFile, ...authority.issue('server') } })
  })
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]()
    authority[Symbol.dispose]()
  })

  const ca = readFileSync(authority.caFile)
  const withCertificate = { ca, cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) }

  it.each(['127.0.0.1', 'localhost'])('connects with the right certificates to %s', async (host) => {
    const endpoints = etcd.endpoints.map((endpoint) => endpoint.replace('127.0.0.1', host))
    const tls = withCertificate
    const { signal } = new AbortController()
    await using store = await openEtcdKvstore({ endpoints, tls, log, signal })
    await store.put('a', '1')
    expect((await store.get('a'))?.value).toBe('1')
  })

  it.each([
    { what: 'no certificate', why: 'alert|ECONNRESET|closed', tls: { ca } },
    {
      what: 'an authority that it does not know',
      why: 'unable to verify|self-signed|UNABLE',
      tls: undefined,
    },
    {
      what: 'another address than the certificate has',
      why: 'not in the cert',
      host: '127.0.0.2',
      tls: withCertificate,
    },
  ])('keeps trying, and says why, with $what', async ({ tls, why, host = '127.0.0.1' }) => {
    await using relay = await startFaultProxy(etcd.endpoints[0] ?? '', host)
    const giveUp = new AbortController()
    const statuses: KvStatus[] = []
    const options: EtcdKvstoreOptions = {
      endpoints: [relay.endpoint],
      log,
      signal: giveUp.signal,
      onStatus: (status) => statuses.push(status),
      ...(tls === undefined ? {} : { tls }),
    }
    const opening = openEtcdKvstore(options)
    await until(() => statuses.some(({ detail }) => new RegExp(why).test(detail)), why)
    expect(statuses.every(({ connected }) => !connected)).toBe(true)
    giveUp.abort(new Error('enough'))
    await expect(opening).rejects.toThrow('enough')
  })
})
