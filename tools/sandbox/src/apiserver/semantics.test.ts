import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeObjectMessage } from './codec/protobuf-decode.ts'
import { type JsonObject, objectsAt, textAt } from './json.ts'
import { openTestServer, runningStatus, type TestServer } from './testing.ts'

const core = '/api/v1/namespaces/default'
const apps = '/apis/apps/v1/namespaces/default'
const merge = { 'content-type': 'application/merge-patch+json' }
let server: TestServer

beforeEach(async () => {
  server = await openTestServer({ serviceCidrs: ['10.9.0.0/29', 'fd00:9::/112'] })
})

afterEach(() => server[Symbol.asyncDispose]())

async function create(path: string, body: JsonObject): Promise<JsonObject> {
  const answer = await server.request('POST', path, body)
  expect(answer).toMatchObject({ code: 201 })
  return answer.body
}

const patch = (path: string, body: JsonObject) => server.request('PATCH', path, body, merge)
const podSpec = { containers: [{ name: 'c', image: 'repo:5000/image', ports: [{ containerPort: 80 }] }] }
const template = { metadata: { labels: { a: 'b' } }, spec: podSpec }
const deployment = { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } }

describe('metadata', () => {
  it('is completed when an object is created', async () => {
    const body = await create(`${core}/configmaps`, {
      metadata: { generateName: 'gen-', deletionTimestamp: '2020-01-01T00:00:00Z', uid: 'mine' },
    })
    expect(body.metadata).toEqual({
      name: expect.stringMatching(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/),
      generateName: 'gen-',
      namespace: 'default',
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      resourceVersion: expect.stringMatching(/^\d+$/),
      creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    })
  })

  it('counts generations of the spec only', async () => {
    await create(`${apps}/deployments`, deployment)
    const path = `${apps}/deployments/d`
    const generation = async () =>
      ((await server.request('GET', path)).body.metadata as JsonObject).generation
    await patch(path, { metadata: { labels: { x: 'y' } } })
    await patch(`${path}/status`, { status: { replicas: 4 } })
    expect(await generation()).toBe(1)
    await patch(path, { spec: { replicas: 2 } })
    expect(await generation()).toBe(2)
    await patch(path, { spec: { replicas: 2 } })
    expect(await generation()).toBe(2)
  })

  it('stays as it is when nothing changes', async () => {
    const before = await create(`${core}/configmaps`, { metadata: { name: 'x' }, data: { a: '1' } })
    const { body: after } = await patch(`${core}/configmaps/x`, { data: { a: '1' } })
    expect(after).toEqual(before)
  })
})

describe('updates', () => {
  it('fail when the object has changed since it was read', async () => {
    const read = await create(`${core}/configmaps`, { metadata: { name: 'x', labels: { a: 'b' } } })
    await patch(`${core}/configmaps/x`, { data: { by: 'other' } })
    expect(
      await server.request('PUT', `${core}/configmaps/x`, { ...read, data: { by: 'me' } }),
    ).toMatchObject({
      code: 409,
      body: { reason: 'Conflict', details: { name: 'x', kind: 'configmaps' } },
    })
    const latest = (await server.request('GET', `${core}/configmaps/x`)).body
    const { labels: _labels, ...metadata } = latest.metadata as JsonObject
    const replaced = await server.request('PUT', `${core}/configmaps/x`, {
      ...latest,
      metadata,
      data: { by: 'me' },
    })
    expect(replaced).toMatchObject({ code: 200, body: { data: { by: 'me' } } })
    expect(replaced.body.metadata).not.toHaveProperty('labels')
  })

  it('keep status and spec apart', async () => {
    await create(`${apps}/deployments`, { ...deployment, status: { replicas: 9 } })
    const path = `${apps}/deployments/d`
    expect((await server.request('GET', path)).body).not.toHaveProperty('status')
    await patch(`${path}/status`, { spec: { replicas: 7 }, status: { replicas: 3 } })
    await patch(path, { status: { replicas: 8 } })
    expect((await server.request('GET', path)).body).toMatchObject({
      spec: { replicas: 1 },
      status: { replicas: 3 },
    })
  })

  it('cannot move a pod, nor change its containers', async () => {
    await create(`${core}/pods`, { metadata: { name: 'p' }, spec: podSpec })
    expect((await patch(`${core}/pods/p`, { spec: { nodeName: 'n1' } })).code).toBe(422)
    expect(
      (await patch(`${core}/pods/p`, { spec: { containers: [{ name: 'c', image: 'new' }] } })).code,
    ).toBe(422)
    const image = [{ op: 'replace', path: '/spec/containers/0/image', value: 'new' }]
    expect(
      (
        await server.request('PATCH', `${core}/pods/p`, image, {
          'content-type': 'application/json-patch+json',
        })
      ).code,
    ).toBe(200)
    const bind = () => server.request('POST', `${core}/pods/p/binding`, { target: { name: 'n1' } })
    expect((await bind()).code).toBe(201)
    expect(await bind()).toMatchObject({ code: 409 })
  })
})

describe('defaults', () => {
  it('of pods', async () => {
    expect(await create(`${core}/pods`, { metadata: { name: 'p' }, spec: podSpec })).toMatchObject({
      spec: {
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
        terminationGracePeriodSeconds: 30,
        serviceAccountName: 'default',
        containers: [{ imagePullPolicy: 'Always', ports: [{ containerPort: 80, protocol: 'TCP' }] }],
      },
      status: { phase: 'Pending', qosClass: 'BestEffort' },
    })
  })

  it('of deployments', async () => {
    expect(await create(`${apps}/deployments`, deployment)).toMatchObject({
      spec: {
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      },
    })
  })

  it.each([
    [{ podSelector: {} }, ['Ingress']],
    [{ podSelector: {}, egress: [{}] }, ['Ingress', 'Egress']],
    [{ podSelector: {}, policyTypes: ['Egress'] }, ['Egress']],
  ])('of the policy %j', async (spec, policyTypes) => {
    const path = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies'
    expect(await create(path, { metadata: { name: 'n' }, spec })).toMatchObject({ spec: { policyTypes } })
  })

  it('of secrets', async () => {
    const secret = await create(`${core}/secrets`, { metadata: { name: 's' }, stringData: { a: 'b' } })
    expect(secret).toMatchObject({ type: 'Opaque', data: { a: 'Yg==' } })
    expect(secret).not.toHaveProperty('stringData')
  })
})

describe('services', () => {
  const service = (name: string, spec: JsonObject = {}): JsonObject => ({
    metadata: { name },
    spec: { ports: [{ port: 80 }], ...spec },
  })
  const add = (name: string, spec: JsonObject = {}) => create(`${core}/services`, service(name, spec))
  const tryAdd = (name: string, spec: JsonObject) =>
    server.request('POST', `${core}/services`, service(name, spec))

  it('get addresses of the range until there are no more, and give them back', async () => {
    // Of eight addresses the network's, the last and the kubernetes service's are not to be had.
    const names = ['a', 'b', 'c', 'd', 'e']
    const addresses = []
    for (const name of names) addresses.push(textAt(await add(name), 'spec', 'clusterIP'))
    expect(addresses.toSorted()).toEqual(['10.9.0.2', '10.9.0.3', '10.9.0.4', '10.9.0.5', '10.9.0.6'])
    expect(await tryAdd('f', {})).toMatchObject({
      code: 422,
      body: { message: expect.stringContaining('range is full') },
    })
    await server.request('DELETE', `${core}/services/c`)
    expect(textAt(await add('f'), 'spec', 'clusterIP')).toBe(addresses[2])
  })

  it('may ask for an address that is free', async () => {
    expect(await add('a', { clusterIP: '10.9.0.5' })).toMatchObject({
      spec: { clusterIPs: ['10.9.0.5'], ipFamilies: ['IPv4'] },
    })
    for (const clusterIP of ['10.9.0.5', '10.9.0.1', '10.10.0.1', 'nonsense'])
      expect((await tryAdd('b', { clusterIP })).code).toBe(422)
    expect(
      (await patch(`${core}/services/a`, { spec: { clusterIP: '10.9.0.4', clusterIPs: ['10.9.0.4'] } })).code,
    ).toBe(422)
  })

  it('may go without', async () => {
    expect(await add('headless', { clusterIP: 'None' })).toMatchObject({
      spec: { clusterIP: 'None', clusterIPs: ['None'] },
    })
    const external = await add('external', { type: 'ExternalName', externalName: 'example.com', ports: null })
    expect(external.spec).not.toHaveProperty('clusterIP')
  })

  it('may have both families', async () => {
    expect(await add('both', { ipFamilyPolicy: 'PreferDualStack' })).toMatchObject({
      spec: {
        ipFamilies: ['IPv4', 'IPv6'],
        clusterIPs: [expect.stringMatching(/^10\.9\./), expect.stringMatching(/^fd00:9::/)],
      },
    })
    expect(await add('six', { ipFamilies: ['IPv6'] })).toMatchObject({
      spec: { clusterIP: expect.stringMatching(/^fd00:9::/) },
    })
  })

  it('get node ports, which differ, keep them, and lose them with their type', async () => {
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81, nodePort: 30_080 },
      { name: 'c', port: 81, protocol: 'UDP', nodePort: 30_080 },
    ]
    const { spec } = await add('np', { type: 'NodePort', ports })
    const [a, b, c] = objectsAt(spec, 'ports').map((port) => port.nodePort)
    expect([b, c]).toEqual([30_080, 30_080])
    expect(a).toBeGreaterThanOrEqual(30_000)
    expect((await tryAdd('other', { type: 'NodePort', ports: [{ port: 1, nodePort: 30_080 }] })).code).toBe(
      422,
    )
    expect((await tryAdd('far', { type: 'NodePort', ports: [{ port: 1, nodePort: 80 }] })).code).toBe(422)
    const without = {
      name: 'np',
      spec: { type: 'NodePort', ports: ports.map(({ nodePort: _, ...port }) => port) },
    }
    const replaced = await server.request('PUT', `${core}/services/np`, {
      metadata: { name: without.name },
      spec: without.spec,
    })
    expect(objectsAt(replaced.body, 'spec', 'ports').map((port) => port.nodePort)).toEqual([a, b, c])
    const { body } = await patch(`${core}/services/np`, { spec: { type: 'ClusterIP' } })
    expect(objectsAt(body, 'spec', 'ports').every((port) => port.nodePort === undefined)).toBe(true)
    expect((await tryAdd('other', { type: 'NodePort', ports: [{ port: 1, nodePort: 30_080 }] })).code).toBe(
      201,
    )
  })

  it('that are refused or only tried take nothing', async () => {
    for (let i = 0; i < 20; i++) {
      await server.request('POST', `${core}/services?dryRun=All`, service('dry'))
      await tryAdd('refused', { type: 'NodePort', ports: [{ port: 1, nodePort: 5 }] })
    }
    for (const name of ['a', 'b', 'c', 'd', 'e']) await add(name)
  })
})

describe('deletion', () => {
  const path = `${core}/pods/p`
  beforeEach(async () => {
    await create(`${core}/pods`, { metadata: { name: 'p' }, spec: podSpec })
  })
  const bind = () => server.request('POST', `${path}/binding`, { target: { name: 'n1' } })

  it('of a pod without a node is done at once', async () => {
    expect((await server.request('DELETE', path)).code).toBe(200)
    expect((await server.request('GET', path)).code).toBe(404)
  })

  it('of a pod on a node waits until the kubelet confirms it', async () => {
    await bind()
    const { body } = await server.request('DELETE', path)
    expect(body.metadata).toMatchObject({
      deletionGracePeriodSeconds: 30,
      deletionTimestamp: expect.any(String),
    })
    expect((await server.request('DELETE', path, { gracePeriodSeconds: 60 })).body.metadata).toMatchObject({
      deletionGracePeriodSeconds: 30,
    })
    expect((await server.request('DELETE', path, { gracePeriodSeconds: 5 })).body.metadata).toMatchObject({
      deletionGracePeriodSeconds: 5,
    })
    // Its status is still written meanwhile.
    expect((await patch(`${path}/status`, { status: runningStatus('10.0.0.1') })).code).toBe(200)
    await server.request('DELETE', path, { gracePeriodSeconds: 0 })
    expect((await server.request('GET', path)).code).toBe(404)
  })

  it('of a pod that has ended is done at once', async () => {
    await bind()
    await patch(`${path}/status`, { status: { phase: 'Succeeded' } })
    await server.request('DELETE', path)
    expect((await server.request('GET', path)).code).toBe(404)
  })

  it('waits for finalizers', async () => {
    await patch(path, { metadata: { finalizers: ['test/hold'] } })
    await server.request('DELETE', path)
    expect((await server.request('GET', path)).body.metadata).toMatchObject({ deletionGracePeriodSeconds: 0 })
    await patch(path, { metadata: { finalizers: [] } })
    expect((await server.request('GET', path)).code).toBe(404)
  })

  it('is only of the object that is meant', async () => {
    const answer = await server.request('DELETE', path, { preconditions: { uid: 'another' } })
    expect(answer).toMatchObject({
      code: 409,
      body: { message: expect.stringContaining('Precondition failed') },
    })
    expect((await server.request('DELETE', path, { gracePeriodSeconds: 'soon' })).code).toBe(400)
  })

  it('is asked for by an eviction too', async () => {
    expect(
      (await server.request('POST', `${path}/eviction`, { deleteOptions: { gracePeriodSeconds: 1 } })).code,
    ).toBe(201)
    expect((await server.request('GET', path)).code).toBe(404)
  })
})

describe('events', () => {
  it('are the same in both groups', async () => {
    const involvedObject = { kind: 'Pod', name: 'p', namespace: 'default' }
    await create(`${core}/events`, {
      metadata: { name: 'e' },
      involvedObject,
      reason: 'R',
      message: 'm',
      type: 'Normal',
    })
    const path = '/apis/events.k8s.io/v1/namespaces/default/events'
    const { body } = await server.request('GET', `${path}?fieldSelector=regarding.name%3Dp`)
    expect(objectsAt(body, 'items')).toMatchObject([{ regarding: involvedObject, note: 'm', reason: 'R' }])
    await create(path, { metadata: { name: 'f' }, regarding: { kind: 'Node', name: 'n' }, reason: 'S' })
    const found = await server.request('GET', `${core}/events?fieldSelector=involvedObject.name%3Dn`)
    expect(objectsAt(found.body, 'items')).toMatchObject([{ involvedObject: { name: 'n' }, reason: 'S' }])
  })
})

describe('representations', () => {
  it('are tables for who prints', async () => {
    await create(`${core}/pods`, { metadata: { name: 'p' }, spec: podSpec })
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
    const { body } = await server.request('GET', `${core}/pods`, undefined, { accept })
    expect(body).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      rows: [
        {
          cells: [
            'p',
            '0/1',
            'Pending',
            '0',
            expect.stringMatching(/s$/),
            '<none>',
            '<none>',
            '<none>',
            '<none>',
          ],
          object: { kind: 'PartialObjectMetadata' },
        },
      ],
    })
    const whole = await server.request('GET', `${core}/pods/p?includeObject=Object`, undefined, { accept })
    expect(objectsAt(whole.body, 'rows')[0]?.object).toMatchObject({ kind: 'Pod', spec: {} })
  })

  it('are metadata for who needs no more', async () => {
    await create(`${core}/configmaps`, { metadata: { name: 'c' }, data: { a: 'b' } })
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
    const { body } = await server.request('GET', `${core}/configmaps`, undefined, { accept })
    expect(body).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'c' } }],
    })
    expect(objectsAt(body, 'items')[0]).not.toHaveProperty('data')
  })

  it('are protobuf for agents, in both directions', async () => {
    await create(`${core}/pods`, { metadata: { name: 'p' }, spec: podSpec })
    const accept = 'application/vnd.kubernetes.protobuf'
    const url = `${server.server.url}${core}/pods/p`
    const response = await fetch(url, { headers: { accept } })
    expect(response.headers.get('content-type')).toBe(accept)
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(decodeObjectMessage(bytes)).toEqual((await server.request('GET', `${core}/pods/p`)).body)
    expect(
      (await fetch(url, { method: 'PUT', body: bytes, headers: { 'content-type': accept } })).status,
    ).toBe(200)
    const broken = await fetch(url, {
      method: 'PUT',
      body: bytes.subarray(0, 40),
      headers: { 'content-type': accept },
    })
    expect(broken.status).toBe(400)
  })

  it('come with a warning about fields that nobody knows', async () => {
    const body = { metadata: { name: 'c' }, dota: {} }
    const warned = await server.request('POST', `${core}/configmaps`, body)
    expect(warned.headers.get('warning')).toBe('299 - "unknown field \\"dota\\""')
    const strict = await server.request('POST', `${core}/configmaps?fieldValidation=Strict`, body)
    expect(strict).toMatchObject({
      code: 400,
      body: { message: expect.stringContaining('unknown field "dota"') },
    })
    expect((await server.request('POST', `${core}/configmaps?fieldValidation=Perhaps`, body)).code).toBe(400)
  })
})
