import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { afterAll, describe, expect, it } from 'vitest'
import { type Connection, cachedSource } from './connection.ts'
import { getJson, openK8sClient } from './index.ts'
import { kubeconfigLoader } from './kubeconfig.ts'
import { failure, respond, startTestServer, writeKubeconfig } from './testing/index.ts'

const dir = mkdtempSync(join(tmpdir(), `axoneme-rotation-${process.pid}-`))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const refuse = (response: ServerResponse) => respond(response, 401, failure(401, 'Unauthorized'))

/** A server that accepts one token, which can be another one later. */
async function startTokenServer(accepted: { token: string }) {
  return startTestServer(({ headers }, response) => {
    if (headers.authorization === `Bearer ${accepted.token}`) respond(response, 200, { ok: true })
    else refuse(response)
  })
}

describe('a request that is refused is made once more with what is read then', () => {
  it('from a token file, also many requests at a time, and streams', async () => {
    const accepted = { token: 'first' }
    const tokenFile = join(dir, 'token')
    writeFileSync(tokenFile, 'first')
    await using server = await startTokenServer(accepted)
    await using config = await writeKubeconfig(server.url, { user: { tokenFile } })
    await using client = await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' })
    expect(await getJson(client, '/version')).toEqual({ ok: true })
    accepted.token = 'second'
    writeFileSync(tokenFile, 'second')
    const calls = Array.from({ length: 10 }, () => getJson(client, '/version'))
    expect(await Promise.all(calls)).toEqual(calls.map(() => ({ ok: true })))
    accepted.token = 'third'
    writeFileSync(tokenFile, 'third')
    const stream = await client.stream({ method: 'GET', path: '/api/v1/pods', query: { watch: true } })
    for await (const _ of stream.chunks);
    expect(stream.status).toBe(200)
  })

  it('not when that is the same', async () => {
    await using server = await startTokenServer({ token: 'other' })
    await using config = await writeKubeconfig(server.url, { user: { token: 'mine' } })
    await using client = await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' })
    await expect(getJson(client, '/version')).rejects.toMatchObject({ status: 401 })
    expect(server.received).toHaveLength(1)
  })

  it('once: what is refused again is an error', async () => {
    await using server = await startTokenServer({ token: 'other' })
    await using config = await writeKubeconfig(server.url, { user: { token: 'old' } })
    await using client = await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' })
    await config.rewrite({ token: 'new' })
    await expect(getJson(client, '/version')).rejects.toMatchObject({ status: 401 })
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new'])
  })

  it('with a new client certificate, on a connection of its own', async () => {
    const [old, renewed] = [makeCertificate('old'), makeCertificate('renewed')]
    const accepts = (response: ServerResponse) =>
      response.socket instanceof TLSSocket && response.socket.getPeerCertificate().subject?.CN === 'renewed'
    await using server = await startTestServer(
      (_, response) => (accepts(response) ? respond(response, 200, { ok: true }) : refuse(response)),
      { ...makeCertificate('server'), requestCert: true, rejectUnauthorized: false },
    )
    const userOf = ({ cert, key }: typeof old) => ({
      'client-certificate-data': cert.toString('base64'),
      'client-key-data': key.toString('base64'),
    })
    const cluster = { 'insecure-skip-tls-verify': true }
    await using config = await writeKubeconfig(server.url, { user: userOf(old), cluster })
    await using client = await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' })
    await expect(getJson(client, '/version')).rejects.toMatchObject({ status: 401 })
    await config.rewrite(userOf(renewed))
    expect(await getJson(client, '/version')).toEqual({ ok: true })
  })
})

function makeCertificate(name: string): { cert: Buffer; key: Buffer } {
  const [cert, key] = [join(dir, `${name}.pem`), join(dir, `${name}-key.pem`)]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const files = ['-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', ...kind, '-subj', `/CN=${name}`, ...files], { stdio: 'ignore' })
  return { cert: readFileSync(cert), key: readFileSync(key) }
}

describe('an exec plugin', () => {
  /** A program that counts its runs and gives each a token of its own. */
  function pluginOf(runsFile: string, expirationTimestamp: string | undefined) {
    writeFileSync(runsFile, '')
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'TOKEN', expirationTimestamp },
    }
    const count = `echo run >> ${runsFile}; n=$(wc -l < ${runsFile})`
    const script = `${count}; echo '${JSON.stringify(credential)}' | sed "s/TOKEN/token-$n/"`
    const exec = { apiVersion: credential.apiVersion, command: 'sh', args: ['-c', script] }
    return { user: { exec }, runs: () => readFileSync(runsFile, 'utf8').split('\n').length - 1 }
  }

  it.each([
    { expires: 'never', expiration: undefined, runs: 1 },
    { expires: 'in an hour', expiration: new Date(Date.now() + 3_600_000).toISOString(), runs: 1 },
    { expires: 'at once', expiration: new Date(0).toISOString(), runs: 3 },
  ])('whose token expires $expires: $runs runs for three reads', async ({ expiration, runs }) => {
    const plugin = pluginOf(join(dir, 'runs'), expiration)
    await using config = await writeKubeconfig('https://127.0.0.1:1', { user: plugin.user })
    const loader = kubeconfigLoader(config.path)
    for (let i = 0; i < 3; i++) await loader.load()
    expect(plugin.runs()).toBe(runs)
  })

  it('runs again when its token is refused, and when the kubeconfig changes', async () => {
    const plugin = pluginOf(join(dir, 'runs'), undefined)
    const accepted = { token: 'token-1' }
    await using server = await startTokenServer(accepted)
    // The library speaks plain HTTP only to those who want no TLS.
    const cluster = { 'insecure-skip-tls-verify': true }
    await using config = await writeKubeconfig(server.url, { user: plugin.user, cluster })
    await using client = await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' })
    await getJson(client, '/version')
    accepted.token = 'token-2'
    expect(await getJson(client, '/version')).toEqual({ ok: true })
    expect(plugin.runs()).toBe(2)
    const loader = kubeconfigLoader(config.path)
    await loader.load()
    appendFileSync(config.path, '\n')
    await loader.load()
    expect(plugin.runs()).toBe(4)
  })
})

describe('what was read', () => {
  const connection = (token: string): Connection => ({
    server: new URL('http://127.0.0.1:1'),
    tls: {},
    headers: { authorization: token },
  })

  it('is read again after a while, after a refusal, and after a failure', async () => {
    let nowMs = 0
    let forgotten = 0
    const tokens = ['a', 'b', 'c', '', 'd']
    const load = async () => {
      const token = tokens.shift() ?? ''
      if (token === '') throw new Error('unreadable')
      return connection(token)
    }
    const source = cachedSource({ load, forget: () => void forgotten++ }, { maxAgeMs: 10, now: () => nowMs })
    const token = async () => (await source.current()).headers.authorization
    expect([await token(), await token()]).toEqual(['a', 'a'])
    nowMs = 10
    expect(await token()).toBe('b')
    // Of a request that was sent before.
    source.invalidate(connection('a'))
    expect([await token(), forgotten]).toEqual(['b', 0])
    source.invalidate(connection('b'))
    expect([await token(), forgotten]).toEqual(['c', 1])
    nowMs = 20
    await expect(token()).rejects.toThrow('unreadable')
    expect(await token()).toBe('d')
  })
})
