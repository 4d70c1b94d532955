import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { inClusterLoader } from './in-cluster.ts'
import { getJson, openK8sClient } from './index.ts'
import { kubeconfigLoader } from './kubeconfig.ts'
import { respond, startTestServer, writeKubeconfig } from './testing/index.ts'

const dir = mkdtempSync(join(tmpdir(), `axoneme-k8s-client-${process.pid}-`))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function authorizationOf(headers: unknown): unknown {
  return (headers as { authorization?: string }).authorization
}

describe('credentials', () => {
  writeFileSync(join(dir, 'token'), 'from-file\n')
  it.each([
    { name: 'token', user: { token: 'abc' }, expected: 'Bearer abc' },
    {
      name: 'token file',
      user: { token: 'abc', tokenFile: join(dir, 'token') },
      expected: 'Bearer from-file',
    },
    { name: 'password', user: { username: 'u', password: 'p' }, expected: 'Basic dTpw' },
    { name: 'nothing', user: {}, expected: undefined },
  ])('$name', async ({ user, expected }) => {
    await using config = await writeKubeconfig('http://127.0.0.1:1', { user })
    expect(authorizationOf((await kubeconfigLoader(config.path).load()).headers)).toBe(expected)
  })

  it('exec plugins are run by the client library', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    }
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'echo',
      args: [JSON.stringify(credential)],
      interactiveMode: 'Never',
    }
    await using config = await writeKubeconfig('https://127.0.0.1:1', { user: { exec } })
    expect(authorizationOf((await kubeconfigLoader(config.path).load()).headers)).toBe('Bearer from-plugin')
  })

  it('a service account', async () => {
    writeFileSync(join(dir, 'ca.crt'), 'authority')
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
    const connection = await inClusterLoader({ env, dir }).load()
    expect(connection.server.href).toBe('https://[fd00::1]:6443/')
    expect(connection.tls.ca).toBe('authority')
    expect(authorizationOf(connection.headers)).toBe('Bearer from-file')
    await expect(inClusterLoader({ env: {}, dir }).load()).rejects.toMatchObject({
      code: 'K8S_CONFIG',
      hint: expect.stringContaining('kubeconfig'),
    })
  })
})

describe('mistakes are named', () => {
  const open = (kubeconfigPath: string) => openK8sClient({ kubeconfigPath, userAgent: 'test' })

  it('a missing file', async () => {
    await expect(open(join(dir, 'nowhere'))).rejects.toMatchObject({
      code: 'K8S_CONFIG',
      message: expect.stringContaining('nowhere'),
    })
  })

  it.each([
    { content: '{', message: 'parse the kubeconfig' },
    { content: 'a: 1', message: 'current-context' },
    { content: 'a: &x [1]\nb: [*x, *x]', message: 'parse the kubeconfig' },
    { content: 'current-context: a\ncontexts: []\nclusters: []', message: 'no context "a"' },
    {
      content: 'current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]\nclusters: []',
      message: 'no cluster "b"',
    },
    {
      content:
        'current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\nclusters: [{name: b, cluster: {server: "ftp://x"}}]',
      message: 'cluster b is not valid',
    },
  ])('$message', async ({ content, message }) => {
    const path = join(dir, 'broken')
    writeFileSync(path, content)
    await expect(open(path)).rejects.toMatchObject({
      code: 'K8S_CONFIG',
      message: expect.stringContaining(message),
    })
  })
})

describe('TLS', () => {
  const key = join(dir, 'key.pem')
  const cert = join(dir, 'cert.pem')
  const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      ...subject,
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  )
  const material = { key: readFileSync(key), cert: readFileSync(cert) }
  const serve = () =>
    startTestServer((_, response) => respond(response, 200, { secure: true }), {
      ...material,
      ca: material.cert,
      requestCert: true,
      rejectUnauthorized: true,
    })
  const user = { 'client-certificate': cert, 'client-key-data': material.key.toString('base64') }

  it('the authority and a client certificate of the kubeconfig are used', async () => {
    await using server = await serve()
    const cluster = { 'certificate-authority-data': material.cert.toString('base64') }
    await using config = await writeKubeconfig(server.url, { user, cluster })
    await using client = await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' })
    expect(await getJson(client, '/version')).toEqual({ secure: true })
    const stream = await client.stream({ method: 'GET', path: '/api/v1/pods', query: { watch: true } })
    let received = ''
    await stream.read((bytes, [start, end]) => {
      received += bytes.toString('utf8', start, end)
    })
    expect(received).toBe('{"secure":true}')
  })

  it('a certificate of somebody else is refused, with the reason', async () => {
    await using server = await serve()
    await using config = await writeKubeconfig(server.url, { user })
    await using client = await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' })
    const refusal = { reason: 'NetworkError', hint: expect.stringContaining('certificate') }
    await expect(getJson(client, '/version')).rejects.toMatchObject(refusal)
    const stream = client.stream({ method: 'GET', path: '/api/v1/pods', query: { watch: true } })
    await expect(stream).rejects.toMatchObject(refusal)
  })
})
