import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer } from './testing.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
let server: TestServer

beforeAll(async () => {
  server = await openTestServer({ withControllers: true })
})

afterAll(() => server[Symbol.asyncDispose]())

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

describe('bodies', () => {
  it.each([
    ['nothing', '', 400],
    ['no JSON', '{"metadata":', 400],
    ['a list', '[1,2]', 400],
    ['a text', '"x"', 400],
    ['a prototype', '{"metadata":{"name":"x"},"__proto__":{"polluted":true}}', 400],
    ['a nested prototype', '{"metadata":{"name":"x","labels":{"__proto__":"y"}}}', 400],
    ['great depth', `{"metadata":{"name":"x"},"data":${nested(5000)}}`, 400],
    ['labels that are numbers', '{"metadata":{"name":"x","labels":{"a":1}}}', 400],
    ['metadata that is a list', '{"metadata":[]}', 400],
    ['owners without a uid', '{"metadata":{"name":"x","ownerReferences":[{"kind":"x"}]}}', 400],
    ['another kind', '{"kind":"Pod","metadata":{"name":"x"}}', 400],
    ['another version', '{"apiVersion":"v2","metadata":{"name":"x"}}', 400],
    ['another namespace', '{"metadata":{"name":"x","namespace":"other"}}', 400],
    ['a version to be created', '{"metadata":{"name":"x","resourceVersion":"4"}}', 400],
    ['a bad name', '{"metadata":{"name":"../x"}}', 422],
    ['no name', '{"metadata":{}}', 422],
    ['a bad label', '{"metadata":{"name":"x","labels":{"a b":"c"}}}', 422],
    ['too much', JSON.stringify({ metadata: { name: 'x' }, data: { a: 'x'.repeat(4_000_000) } }), 413],
  ])('with %s are refused', async (_what, body, code) => {
    expect(await server.request('POST', configMaps, body)).toMatchObject({
      code,
      body: { kind: 'Status', status: 'Failure', code },
    })
  })

  it('may be YAML, but no bomb', async () => {
    const yaml = { 'content-type': 'application/yaml' }
    expect(
      (await server.request('POST', configMaps, 'metadata: {name: from-yaml}\ndata: {a: "1"}\n', yaml)).code,
    ).toBe(201)
    const bomb = `a: &a [x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array(8).fill(`*${'abcdefg'[i]}`).join(',')}]`)
      .join('\n')}\n`
    expect((await server.request('POST', configMaps, bomb, yaml)).code).toBe(400)
    expect((await server.request('POST', configMaps, 'a: [', yaml)).code).toBe(400)
    expect((await server.request('POST', configMaps, '['.repeat(20_000), yaml)).code).toBe(400)
    expect(
      (await server.request('POST', configMaps, '<a/>', { 'content-type': 'application/xml' })).code,
    ).toBe(415)
  })

  it('may use names that JavaScript objects have', async () => {
    const body = {
      metadata: { name: 'constructor', labels: { constructor: 'x', toString: 'y' } },
      data: { hasOwnProperty: '1' },
    }
    expect((await server.request('POST', configMaps, body)).code).toBe(201)
    const { body: list } = await server.request('GET', `${configMaps}?labelSelector=constructor%3Dx`)
    expect(list.items).toHaveLength(1)
    expect((await server.request('GET', '/apis/constructor/v1/prototype')).code).toBe(404)
  })
})

describe('patches', () => {
  const json = { 'content-type': 'application/json-patch+json' }
  const merge = { 'content-type': 'application/merge-patch+json' }
  const strategic = { 'content-type': 'application/strategic-merge-patch+json' }

  it.each([
    ['no list', { op: 'add' }, json, 400],
    ['an unknown operation', [{ op: 'explode', path: '/data' }], json, 422],
    ['a missing path', [{ op: 'remove', path: '/data/nope/deeper' }], json, 422],
    ['a failing test', [{ op: 'test', path: '/data/a', value: 'z' }], json, 422],
    ['a prototype', [{ op: 'add', path: '/__proto__/polluted', value: 1 }], json, 422],
    ['a wrong type', [{ op: 'add', path: '/data', value: 5 }], json, 400],
    ['another name', { metadata: { name: 'other' } }, merge, 400],
    ['another uid', { metadata: { uid: 'other' } }, merge, 409],
    ['a stale version', { metadata: { resourceVersion: '1' } }, merge, 409],
    ['a text', '"x"', merge, 400],
    ['a list', [], strategic, 400],
    ['an unknown type', {}, { 'content-type': 'application/json' }, 415],
  ])('with %s are refused', async (_what, body, headers, code) => {
    await server.request('POST', configMaps, { metadata: { name: 'target' }, data: { a: '1' } })
    expect(await server.request('PATCH', `${configMaps}/target`, body, headers)).toMatchObject({
      code,
      body: { kind: 'Status' },
    })
    expect(Object.prototype).not.toHaveProperty('polluted')
  })
})

describe('requests', () => {
  it.each([
    ['GET', '/nowhere', 404],
    ['GET', '/api/v1/nothing', 404],
    ['GET', '/apis/apps/v1/namespaces/default/deployments/x', 404],
    ['GET', '/api/v1/namespaces/default/pods/a/b/c/d', 404],
    ['GET', '/api/%E0%A4%A/v1', 400],
    ['GET', '/api/v1/pods?watch=true&timeoutSeconds=soon', 400],
    ['GET', '/api/v1/pods?resourceVersion=-1', 400],
    ['PUT', '/api/v1/pods', 405],
    ['TRACE', '/api/v1/pods', 405],
    ['POST', '/api/v1/pods', 404],
    ['DELETE', '/api/v1/namespaces', 405],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews?dryRun=Some', 400],
  ])('%s %s is %d', async (method, path, code) => {
    const body = method === 'PUT' || method === 'POST' ? { metadata: { name: 'x' }, spec: {} } : undefined
    if (method === 'TRACE')
      expect(
        (await rawRequest(`TRACE ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)).split(' ')[1],
      ).toBe('405')
    else expect((await server.request(method, path, body)).code).toBe(code)
  })

  it('that are no HTTP are turned away', async () => {
    expect(await rawRequest('\x16\x03\x01 hello\r\n\r\n')).toContain('400 Bad Request')
  })

  it('that accept nothing served are told so', async () => {
    expect(await server.request('GET', configMaps, undefined, { accept: 'text/html' })).toMatchObject({
      code: 406,
    })
    expect((await server.request('GET', configMaps, undefined, { accept: 'text/html, */*' })).code).toBe(200)
  })

  it('of any kind never fail inside', async () => {
    const word = fc.constantFrom(
      'name',
      'spec',
      'metadata',
      'containers',
      'ports',
      'selector',
      'template',
      'replicas',
      'matchLabels',
      'clusterIP',
      'x',
    )
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant('None'))
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(word, tie('tree'), { maxKeys: 5 }),
      ),
    }))
    const paths = [
      '/api/v1/namespaces/default/services',
      '/api/v1/namespaces/default/pods',
      '/apis/apps/v1/namespaces/default/deployments',
      '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), tree, async (path, spec) => {
        const body = JSON.parse(
          JSON.stringify({ metadata: { generateName: 'f-' }, spec, addressType: 'IPv4', endpoints: spec }),
        )
        const { code } = await server.request('POST', path, body)
        expect([201, 400, 422]).toContain(code)
      }),
      { numRuns: 400 },
    )
    expect(server.complaints).toEqual([])
  })
})

function rawRequest(text: string): Promise<string> {
  const { hostname, port } = new URL(server.server.url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'))
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
