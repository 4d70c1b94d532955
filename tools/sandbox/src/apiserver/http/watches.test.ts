import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type JsonObject, textAt } from '../json.ts'
import { openTestServer, type TestServer } from '../testing.ts'

const path = '/api/v1/namespaces/default/configmaps'
let server: TestServer

beforeEach(async () => {
  server = await openTestServer()
})

afterEach(() => server[Symbol.asyncDispose]())

const create = (name: string, labels: Record<string, string> = {}) =>
  server.request('POST', path, { metadata: { name, labels } })

async function currentVersion(): Promise<string> {
  return textAt((await server.request('GET', path)).body, 'metadata', 'resourceVersion')
}

/** Opens a watch; the events come one by one, `undefined` when it has ended. */
async function watch(query: string) {
  const controller = new AbortController()
  const response = await fetch(`${server.server.url}${path}?watch=true&${query}`, {
    signal: controller.signal,
  })
  const reader = (response.body ?? new ReadableStream()).getReader()
  let pending = ''
  return {
    status: response.status,
    async next(): Promise<JsonObject | undefined> {
      for (;;) {
        const end = pending.indexOf('\n')
        if (end >= 0) {
          const line = pending.slice(0, end)
          pending = pending.slice(end + 1)
          return JSON.parse(line)
        }
        const { value, done } = await reader.read()
        if (done) return undefined
        pending += Buffer.from(value).toString()
      }
    },
    async nextName(): Promise<string> {
      const event = await this.next()
      return `${textAt(event, 'type')} ${textAt(event, 'object', 'metadata', 'name')}`
    },
    async [Symbol.asyncDispose]() {
      controller.abort()
      await reader.cancel().catch(() => {})
    },
  }
}

describe('watch', () => {
  it('replays what happened since the version, then goes on', async () => {
    await create('before')
    const version = await currentVersion()
    await create('missed')
    await using watching = await watch(`resourceVersion=${version}`)
    expect(await watching.nextName()).toBe('ADDED missed')
    await server.request(
      'PATCH',
      `${path}/missed`,
      { data: { a: 'b' } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect(await watching.nextName()).toBe('MODIFIED missed')
    const { body } = await server.request('DELETE', `${path}/missed`)
    expect(body).toMatchObject({ kind: 'Status', status: 'Success' })
    const deleted = await watching.next()
    expect(deleted).toMatchObject({ type: 'DELETED', object: { data: { a: 'b' } } })
    expect(textAt(deleted, 'object', 'metadata', 'resourceVersion')).toBe(await currentVersion())
  })

  it('begins with what there is when no version is given', async () => {
    await create('a')
    await create('b')
    await using watching = await watch('')
    expect([await watching.nextName(), await watching.nextName()]).toEqual(['ADDED a', 'ADDED b'])
  })

  it('streams a list that ends with a bookmark', async () => {
    await create('a')
    await using watching = await watch(
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    )
    expect(await watching.nextName()).toBe('ADDED a')
    const bookmark = await watching.next()
    expect(bookmark).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
    expect(textAt(bookmark, 'object', 'metadata', 'resourceVersion')).toBe(await currentVersion())
  })

  it('streams a list as fast as it is read, and then what changed meanwhile', async () => {
    const data = { text: 'x'.repeat(100_000) }
    const collection = server.server.store.collection('/configmaps')
    for (let i = 0; i < 150; i++) await server.request('POST', path, { metadata: { name: `m${i}` }, data })
    expect(collection.size).toBe(150)
    const before = await currentVersion()
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    await using watching = await watch(query)
    await server.request('DELETE', `${path}/m1`)
    await create('late')
    for (let i = 0; i < 150; i++) expect(await watching.nextName()).toMatch(/^ADDED m\d+$/)
    const end = await watching.next()
    expect(end).toMatchObject({ type: 'BOOKMARK', object: { metadata: { resourceVersion: before } } })
    expect([await watching.nextName(), await watching.nextName()]).toEqual(['DELETED m1', 'ADDED late'])
  })

  it('turns matches that come and go into additions and deletions', async () => {
    await create('x', { color: 'red' })
    const version = await currentVersion()
    await using watching = await watch(`resourceVersion=${version}&labelSelector=color%3Dblue`)
    const paint = (color: string) =>
      server.request(
        'PATCH',
        `${path}/x`,
        { metadata: { labels: { color } } },
        { 'content-type': 'application/merge-patch+json' },
      )
    await paint('blue')
    expect(await watching.nextName()).toBe('ADDED x')
    await paint('green')
    expect(await watching.next()).toMatchObject({
      type: 'DELETED',
      object: { metadata: { labels: { color: 'blue' } } },
    })
  })

  it('reports a forgotten version as an event', async () => {
    const version = await currentVersion()
    await create('a')
    server.server.faults.compact()
    await using watching = await watch(`resourceVersion=${version}`)
    expect(watching.status).toBe(200)
    expect(await watching.next()).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', reason: 'Expired', code: 410 },
    })
    expect(await watching.next()).toBeUndefined()
  })

  it('reports it as a status when told so, and after a change too many', async () => {
    await using small = await openTestServer({ historySize: 4, faults: { expiredWatch: 'status' } })
    const { body } = await small.request('GET', path)
    const version = textAt(body, 'metadata', 'resourceVersion')
    for (let i = 0; i < 8; i++) await small.request('POST', path, { metadata: { name: `m${i}` } })
    const answer = await small.request('GET', `${path}?watch=true&resourceVersion=${version}`)
    expect(answer).toMatchObject({ code: 410, body: { reason: 'Expired' } })
  })

  it('ends after its timeout, with a bookmark for who wants them', async () => {
    await using watching = await watch('resourceVersion=0&timeoutSeconds=1&allowWatchBookmarks=true')
    expect(await watching.next()).toMatchObject({ type: 'BOOKMARK' })
    expect(await watching.next()).toBeUndefined()
  })

  it('is cut on demand, and resumes without a gap', async () => {
    await using watching = await watch('')
    await create('a')
    const seen = textAt(await watching.next(), 'object', 'metadata', 'resourceVersion')
    expect(server.server.faults.cutWatches()).toBe(1)
    await create('b')
    await expect(watching.next()).rejects.toThrow()
    await using resumed = await watch(`resourceVersion=${seen}`)
    expect(await resumed.nextName()).toBe('ADDED b')
  })

  it('is cut at an interval when the server is started so', async () => {
    await using cutting = await openTestServer({ faults: { watchCutIntervalMs: 20 } })
    for (let i = 0; i < 3; i++) {
      const watching = await fetch(`${cutting.server.url}${path}?watch=true`)
      await expect(watching.text()).rejects.toThrow()
    }
    cutting.server.faults.cutWatchesEvery(undefined)
    const watching = await fetch(`${cutting.server.url}${path}?watch=true&timeoutSeconds=1`)
    expect(await watching.text()).toBe('')
  })

  it('is half-open on demand: nothing more comes, not even the end', async () => {
    await using watching = await watch('timeoutSeconds=1&allowWatchBookmarks=true')
    expect(server.server.faults.muteWatches()).toBe(1)
    await create('a')
    const silence = new Promise((resolve) => setTimeout(() => resolve('silence'), 1500))
    expect(await Promise.race([watching.next(), silence])).toBe('silence')
  })

  it('hides on demand what was removed while a client was away', async () => {
    await create('gone', { color: 'blue' })
    await create('repainted', { color: 'blue' })
    const version = await currentVersion()
    await server.request('DELETE', `${path}/gone`)
    await server.request(
      'PATCH',
      `${path}/repainted`,
      { metadata: { labels: { color: 'red' } } },
      { 'content-type': 'application/merge-patch+json' },
    )
    await create('new', { color: 'blue' })
    server.server.faults.missedRemovals = 'lost'
    await using resumed = await watch(`resourceVersion=${version}&labelSelector=color%3Dblue`)
    expect(await resumed.nextName()).toBe('ADDED new')
    await server.request('DELETE', `${path}/new`)
    expect(await resumed.nextName()).toBe('DELETED new')
  })

  it.each([
    { watchList: 'refused', code: 422, reason: 'Invalid' },
    { watchList: 'error-event', code: 200, reason: 'InternalError' },
  ] as const)('does not stream a list when that is $watchList', async ({ watchList, code, reason }) => {
    server.server.faults.watchList = watchList
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
    const response = await fetch(`${server.server.url}${path}?${query}`)
    expect(response.status).toBe(code)
    expect(await response.text()).toContain(`"reason":"${reason}"`)
  })

  it('has no bookmarks when the server is to have none', async () => {
    await using silent = await openTestServer({ bookmarkIntervalMs: 10, faults: { bookmarks: false } })
    const response = await fetch(
      `${silent.server.url}${path}?watch=1&allowWatchBookmarks=true&timeoutSeconds=1`,
    )
    expect(await response.text()).toBe('')
  })

  it('sends bookmarks now and then', async () => {
    await using chatty = await openTestServer({ bookmarkIntervalMs: 10 })
    const response = await fetch(
      `${chatty.server.url}${path}?watch=1&allowWatchBookmarks=true&timeoutSeconds=1`,
    )
    const bookmarks = (await response.text()).split('\n').filter((line) => line.includes('"BOOKMARK"'))
    expect(bookmarks.length).toBeGreaterThan(1)
  })

  it('refuses versions of the future, as of a server before this one', async () => {
    const answer = await server.request('GET', `${path}?watch=true&resourceVersion=999999999999999`)
    expect(answer).toMatchObject({ code: 504, body: { details: { retryAfterSeconds: 1 } } })
  })
})
