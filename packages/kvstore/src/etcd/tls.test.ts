import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@axoneme/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../testing/contract-harness.ts'
import { startEtcd, startFaultProxy, type TestEtcd } from '../testing/index.ts'
import type { KvStatus } from '../types.ts'
import { type EtcdKvstoreOptions, openEtcdKvstore } from './open.ts'

describe('etcd with TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), `axoneme-tls-${process.pid}-`))
  const file = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const log = createLogger({ sink: () => {} })
  let etcd: TestEtcd

  beforeAll(async () => {
    openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca', '-days', '1')
    writeFileSync(
      file('ext'),
      'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n',
    )
    for (const name of ['server', 'client']) {
      openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
      const signing = [
        '-CA',
        'ca.crt',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-extfile',
        'ext',
        '-days',
        '1',
      ]
      openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...signing)
    }
    const tls = { caFile: file('ca.crt'), certFile: file('server.crt'), keyFile: file('server.key') }
    etcd = await startEtcd({ tls })
  })
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true })
  })

  const read = (name: string) => readFileSync(file(name))

  it.each(['127.0.0.1', 'localhost'])('connects with the right certificates to %s', async (host) => {
    const endpoints = etcd.endpoints.map((endpoint) => endpoint.replace('127.0.0.1', host))
    const tls = { ca: read('ca.crt'), cert: read('client.crt'), key: read('client.key') }
    const { signal } = new AbortController()
    await using store = await openEtcdKvstore({ endpoints, tls, log, signal })
    await store.put('a', '1')
    expect((await store.get('a'))?.value).toBe('1')
  })

  it.each([
    { what: 'no certificate', why: 'alert|ECONNRESET|closed', tls: () => ({ ca: read('ca.crt') }) },
    {
      what: 'an authority that it does not know',
      why: 'unable to verify|self-signed|UNABLE',
      tls: () => undefined,
    },
    {
      what: 'another address than the certificate has',
      why: 'not in the cert',
      host: '127.0.0.2',
      tls: () => ({ ca: read('ca.crt'), cert: read('client.crt'), key: read('client.key') }),
    },
  ])('keeps trying, and says why, with $what', async ({ tls, why, host = '127.0.0.1' }) => {
    await using relay = await startFaultProxy(etcd.endpoints[0] ?? '', host)
    const giveUp = new AbortController()
    const statuses: KvStatus[] = []
    const files = tls()
    const options: EtcdKvstoreOptions = {
      endpoints: [relay.endpoint],
      log,
      signal: giveUp.signal,
      onStatus: (status) => statuses.push(status),
      ...(files === undefined ? {} : { tls: files }),
    }
    const opening = openEtcdKvstore(options)
    await until(() => statuses.some(({ detail }) => new RegExp(why).test(detail)), why)
    expect(statuses.every(({ connected }) => !connected)).toBe(true)
    giveUp.abort(new Error('enough'))
    await expect(opening).rejects.toThrow('enough')
  })
})
