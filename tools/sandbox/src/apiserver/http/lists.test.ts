import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { objectsAt, textAt } from '../json.ts'
import { openTestServer, type TestServer } from '../testing.ts'

const path = '/api/v1/namespaces/default/configmaps'
let server: TestServer

beforeEach(async () => {
  server = await openTestServer()
  for (let i = 0; i < 7; i++)
    await server.request('POST', path, {
      metadata: { name: `m${i}`, labels: { parity: i % 2 === 0 ? 'even' : 'odd' } },
    })
})

afterEach(() => server[Symbol.asyncDispose]())

const names = (list: Awaited<ReturnType<TestServer['request']>>['body']) =>
  objectsAt(list, 'items').map((item) => textAt(item, 'metadata', 'name'))

describe('lists in pages', () => {
  it('shows one state however much changes between the pages', async () => {
    const first = await server.request('GET', `${path}?limit=3`)
    expect(names(first.body)).toEqual(['m0', 'm1', 'm2'])
    expect(first.body.metadata).toMatchObject({ remainingItemCount: 4 })
    await server.request('DELETE', `${path}/m4`)
    await server.request('POST', path, { metadata: { name: 'm33' } })
    await server.request(
      'PATCH',
      `${path}/m5`,
      { data: { changed: 'yes' } },
      { 'content-type': 'application/merge-patch+json' },
    )
    const next = encodeURIComponent(textAt(first.body, 'metadata', 'continue'))
    const second = await server.request('GET', `${path}?limit=3&continue=${next}`)
    expect(names(second.body)).toEqual(['m3', 'm4', 'm5'])
    expect(objectsAt(second.body, 'items')[2]?.data).toBeUndefined()
    expect(textAt(second.body, 'metadata', 'resourceVersion')).toBe(
      textAt(first.body, 'metadata', 'resourceVersion'),
    )
    const last = encodeURIComponent(textAt(second.body, 'metadata', 'continue'))
    const third = await server.request('GET', `${path}?limit=3&continue=${last}`)
    expect(names(third.body)).toEqual(['m6'])
    expect(textAt(third.body, 'metadata', 'continue')).toBe('')
  })

  it('answers 410 when the state is forgotten, with a token to go on inconsistently', async () => {
    const first = await server.request('GET', `${path}?limit=3`)
    await server.request('DELETE', `${path}/m0`)
    server.server.faults.compact()
    const next = encodeURIComponent(textAt(first.body, 'metadata', 'continue'))
    const gone = await server.request('GET', `${path}?limit=3&continue=${next}`)
    expect(gone).toMatchObject({ code: 410, body: { kind: 'Status', reason: 'Expired', code: 410 } })
    const rest = encodeURIComponent(textAt(gone.body, 'metadata', 'continue'))
    const second = await server.request('GET', `${path}?limit=10&continue=${rest}`)
    expect(names(second.body)).toEqual(['m3', 'm4', 'm5', 'm6'])
  })

  it('counts no rest when a selector applies, and pages through what it selects', async () => {
    const first = await server.request('GET', `${path}?limit=2&labelSelector=parity%3Deven`)
    expect(names(first.body)).toEqual(['m0', 'm2'])
    expect(first.body.metadata).not.toHaveProperty('remainingItemCount')
    const next = encodeURIComponent(textAt(first.body, 'metadata', 'continue'))
    const second = await server.request('GET', `${path}?limit=2&labelSelector=parity%3Deven&continue=${next}`)
    expect(names(second.body)).toEqual(['m4', 'm6'])
  })

  it('knows no pages when any version will do, as the watch cache of a real apiserver', async () => {
    const all = await server.request('GET', `${path}?limit=3&resourceVersion=0`)
    expect(names(all.body)).toHaveLength(7)
  })
})

describe('versions of lists', () => {
  it('shows an exact version', async () => {
    const { body } = await server.request('GET', path)
    const version = textAt(body, 'metadata', 'resourceVersion')
    await server.request('DELETE', `${path}/m0`)
    const before = await server.request(
      'GET',
      `${path}?resourceVersion=${version}&resourceVersionMatch=Exact`,
    )
    expect(names(before.body)).toContain('m0')
    const since = await server.request('GET', `${path}?resourceVersion=${version}`)
    expect(names(since.body)).not.toContain('m0')
  })

  it.each([
    ['resourceVersion=999999999999999', 504, 'Timeout'],
    ['resourceVersion=abc', 400, 'BadRequest'],
    ['resourceVersionMatch=Exact', 400, 'BadRequest'],
    ['resourceVersion=5&resourceVersionMatch=Exact', 410, 'Expired'],
    ['continue=nonsense', 400, 'BadRequest'],
    ['limit=-1', 400, 'BadRequest'],
    ['labelSelector=%3D', 400, 'BadRequest'],
    ['fieldSelector=data.x%3D1', 400, 'BadRequest'],
  ])('%s is %d %s', async (query, code, reason) => {
    expect(await server.request('GET', `${path}?${query}`)).toMatchObject({
      code,
      body: { kind: 'Status', reason },
    })
  })
})

it('deletes what a selector selects', async () => {
  await server.request('DELETE', `${path}?labelSelector=parity%3Dodd`)
  expect(names((await server.request('GET', path)).body)).toEqual(['m0', 'm2', 'm4', 'm6'])
})

it('finds one object by its name', async () => {
  const { body } = await server.request('GET', `${path}?fieldSelector=metadata.name%3Dm3`)
  expect(names(body)).toEqual(['m3'])
  const elsewhere = await server.request(
    'GET',
    '/api/v1/configmaps?fieldSelector=metadata.name%3Dm3,metadata.namespace%3Ddefault',
  )
  expect(names(elsewhere.body)).toEqual(['m3'])
})
