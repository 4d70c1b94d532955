import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type JsonObject, objectsAt, textAt } from '../json.ts'
import {
  difference,
  type FieldSet,
  fieldsOf,
  intersection,
  isEmptySet,
  pathsOf,
  union,
} from '../patch/field-set.ts'
import { openTestServer, type TestServer } from '../testing.ts'

const path = '/apis/apps/v1/namespaces/default/deployments/d'
let server: TestServer

beforeEach(async () => {
  server = await openTestServer()
})

afterEach(() => server[Symbol.asyncDispose]())

type Container = { name: string; image?: string; env?: { name: string; value: string }[] }

function manifest(containers: Container[], spec: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers } },
      ...spec,
    },
  }
}

const apply = (manager: string, body: JsonObject, query = '') =>
  server.request('PATCH', `${path}?fieldManager=${manager}${query}`, body, {
    'content-type': 'application/apply-patch+yaml',
  })
const containersOf = (body: JsonObject) => objectsAt(body, 'spec', 'template', 'spec', 'containers')

describe('server-side apply', () => {
  it('creates, then changes nothing when nothing changes', async () => {
    const first = await apply('me', manifest([{ name: 'c', image: 'i' }]))
    expect(first).toMatchObject({
      code: 201,
      body: { metadata: { managedFields: [{ manager: 'me', operation: 'Apply' }] } },
    })
    expect(await apply('me', manifest([{ name: 'c', image: 'i' }]))).toMatchObject({
      code: 200,
      body: { metadata: { resourceVersion: textAt(first.body, 'metadata', 'resourceVersion') } },
    })
  })

  it('takes away what the manager leaves out, and nothing else', async () => {
    await apply(
      'me',
      manifest(
        [
          {
            name: 'c',
            image: 'i',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
        ],
        { replicas: 3 },
      ),
    )
    await server.request(
      'PATCH',
      path,
      { metadata: { labels: { by: 'hand' } } },
      { 'content-type': 'application/merge-patch+json' },
    )
    const { body } = await apply(
      'me',
      manifest([{ name: 'c', image: 'i', env: [{ name: 'B', value: '2' }] }]),
    )
    expect(containersOf(body)).toMatchObject([{ name: 'c', image: 'i', env: [{ name: 'B', value: '2' }] }])
    // The default is back: nobody asks for three any more.
    expect(body).toMatchObject({ metadata: { labels: { by: 'hand' } }, spec: { replicas: 1 } })
  })

  it('leaves each manager its own elements of a list', async () => {
    await apply('me', manifest([{ name: 'mine', image: 'i' }]))
    await apply('you', manifest([{ name: 'yours', image: 'j' }]))
    const { body } = await apply('me', manifest([{ name: 'other', image: 'k' }]))
    expect(containersOf(body).map(({ name }) => name)).toEqual(['yours', 'other'])
  })

  it('refuses to change what another manager has, unless it is told to', async () => {
    await apply('me', manifest([{ name: 'c', image: 'i' }], { replicas: 2 }))
    const refused = await apply('you', manifest([{ name: 'c', image: 'j' }], { replicas: 2 }))
    expect(refused).toMatchObject({
      code: 409,
      body: {
        reason: 'Conflict',
        details: {
          causes: [
            { reason: 'FieldManagerConflict', field: '.spec.template.spec.containers[name="c"].image' },
          ],
        },
      },
    })
    const forced = await apply('you', manifest([{ name: 'c', image: 'j' }], { replicas: 2 }), '&force=true')
    expect(containersOf(forced.body)).toMatchObject([{ image: 'j' }])
    // Now it is the other way round; what both want the same is both's.
    expect((await apply('me', manifest([{ name: 'c', image: 'i' }], { replicas: 2 }))).code).toBe(409)
    expect((await apply('me', manifest([{ name: 'c', image: 'j' }], { replicas: 2 }))).code).toBe(200)
    expect((await apply('you', manifest([{ name: 'c', image: 'j' }]))).body).toMatchObject({
      spec: { replicas: 2 },
    })
  })

  it('hands what is written otherwise to who wrote it', async () => {
    await apply('me', manifest([{ name: 'c', image: 'i' }], { replicas: 2 }))
    await server.request(
      'PATCH',
      `${path}?fieldManager=scaler`,
      { spec: { replicas: 5 } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect((await apply('me', manifest([{ name: 'c', image: 'i' }], { replicas: 2 }))).body).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "scaler" using apps/v1: .spec.replicas',
    })
    expect((await apply('me', manifest([{ name: 'c', image: 'i' }]))).body).toMatchObject({
      spec: { replicas: 5 },
    })
  })

  it('treats what was never applied as somebody else’s', async () => {
    await server.request('POST', path.slice(0, -2), manifest([{ name: 'c', image: 'i' }]))
    expect((await apply('me', manifest([{ name: 'c', image: 'j' }]))).body.message).toContain(
      '"before-first-apply"',
    )
    expect((await apply('me', manifest([{ name: 'c', image: 'i' }]))).code).toBe(200)
  })

  it('needs a manager, and an object', async () => {
    expect((await apply('', manifest([]))).code).toBe(400)
    expect(
      (
        await server.request('PATCH', `${path}?fieldManager=me`, '[]', {
          'content-type': 'application/apply-patch+yaml',
        })
      ).code,
    ).toBe(400)
  })
})

describe('field sets', () => {
  const leaf = fc.constant<FieldSet>({})
  const { tree } = fc.letrec<{ tree: FieldSet }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.dictionary(fc.constantFrom('f:a', 'f:b', 'f:c'), tie('tree'), { maxKeys: 3 }),
    ),
  }))
  const leaves = (set: FieldSet) => pathsOf(set).toSorted()

  it('are sets of leaves', () => {
    fc.assert(
      fc.property(tree, tree, (left, right) => {
        expect(leaves(union(left, left))).toEqual(leaves(left))
        expect(isEmptySet(difference(left, left))).toBe(true)
        expect(leaves(intersection(left, left))).toEqual(leaves(left))
        expect(isEmptySet(difference(left, union(left, right)))).toBe(true)
        const rest = difference(left, right)
        expect(leaves(left)).toEqual(expect.arrayContaining(leaves(rest)))
      }),
    )
  })

  it('name elements by their keys', () => {
    const ports = { ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP', name: 'x' }] }
    expect(pathsOf(fieldsOf(ports, { type: 'core.Container' }))).toEqual([
      '.ports[containerPort=80,protocol="TCP"]',
      '.ports[containerPort=80,protocol="TCP"].containerPort',
      '.ports[containerPort=80,protocol="UDP"]',
      '.ports[containerPort=80,protocol="UDP"].containerPort',
      '.ports[containerPort=80,protocol="UDP"].protocol',
      '.ports[containerPort=80,protocol="UDP"].name',
    ])
  })
})
