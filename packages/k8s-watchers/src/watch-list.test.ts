import { describe, expect, it } from 'vitest'
import { brokenNodeName } from './testing/encode.ts'
import { type Fault, PodServer } from './testing/pod-server.ts'
import { expectEqual, settle, start, until } from './testing/started.ts'

const lists = (server: PodServer) => server.received.filter(({ query }) => !query.has('watch')).length
const streams = (server: PodServer) =>
  server.received.filter(({ query }) => query.has('sendInitialEvents')).length

async function serve(watchList: PodServer['watchList']): Promise<PodServer> {
  const server = await PodServer.start()
  server.watchList = watchList
  for (let i = 0; i < 5; i++) server.upsert(`pod-${i}`)
  return server
}

/** Makes the version of the running watch useless. */
async function forgetVersion(server: PodServer): Promise<void> {
  await until(() => server.watcherCount === 1)
  server.delete('pod-0')
  server.faults.push({ on: 'watch', kind: 'status', code: 410, reason: 'Expired' })
  server.cut()
}

describe.each([{ protobuf: true }, { protobuf: false }])(
  'a watch-list, protobuf $protobuf',
  ({ protobuf }) => {
    it('is the list and the watch in one call, also when the version is forgotten', async () => {
      await using server = await serve('offered')
      await using started = await start(server, { watchList: true, protobuf })
      expectEqual(server, started)
      server.upsert('pod-1', { labels: { a: 'b' } })
      server.delete('pod-2')
      await settle(server, started)
      expectEqual(server, started)
      expect(server.received).toHaveLength(1)
      expect(Object.fromEntries(server.received[0]?.query ?? [])).toMatchObject({
        ...{ watch: 'true', sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' },
        ...{ allowWatchBookmarks: 'true', timeoutSeconds: expect.stringMatching(/^\d+$/) },
      })
      await forgetVersion(server)
      await settle(server, started)
      expectEqual(server, started)
      expect({ lists: lists(server), streams: streams(server) }).toEqual({ lists: 0, streams: 2 })
      expect(started.reflector.status()).toMatchObject({ phase: 'watching', lists: 2, watches: 2 })
    })
  },
)

it('an object that cannot be decoded keeps its last state over a watch-list', async () => {
  await using server = await serve('offered')
  await using started = await start(server, { watchList: true, protobuf: false })
  server.upsert('pod-1', { nodeName: brokenNodeName })
  await settle(server, started)
  await forgetVersion(server)
  await settle(server, started)
  expect(started.table.get('ns/pod-1')).toMatchObject({ nodeName: 'n' })
  expect(started.reflector.status()).toMatchObject({ invalid: 2, lists: 2 })
})

describe('a server without watch-lists is read in pages, now and later', () => {
  const unsupported: Fault = { on: 'watch', kind: 'error-event', code: 500, reason: 'InternalError' }
  it.each([
    { how: 'refuses', watchList: 'refused', faults: [] },
    { how: 'fails amid the stream', watchList: 'offered', faults: [unsupported] },
    { how: 'does not know the parameters', watchList: 'ignored', faults: [] },
  ] as const)('one that $how', async ({ watchList, faults }) => {
    await using server = await serve(watchList)
    server.faults.push(...faults)
    await using started = await start(server, { watchList: true, maxSilenceMs: 200 })
    expectEqual(server, started)
    expect(started.events.filter(({ kind }) => kind === 'failure')).toEqual([])
    await forgetVersion(server)
    await settle(server, started)
    expectEqual(server, started)
    expect({ lists: lists(server), streams: streams(server) }).toEqual({ lists: 2, streams: 1 })
  })
})

it.each([
  // What was read of pages is kept over cuts.
  { code: 504, reason: 'Timeout', lists: 1, streams: 1 },
  { code: 429, reason: 'TooManyRequests', lists: 0, streams: 2 },
  { code: 410, reason: 'Expired', lists: 0, streams: 2 },
])('a watch-list that fails with $code: then $lists lists', async ({ code, reason, ...expected }) => {
  await using server = await serve('offered')
  server.faults.push({ on: 'watch', kind: 'error-event', code, reason })
  await using started = await start(server, { watchList: true })
  expectEqual(server, started)
  expect({ lists: lists(server), streams: streams(server) }).toEqual(expected)
  await forgetVersion(server)
  await settle(server, started)
  expect(streams(server)).toBe(expected.streams + 1)
})

it('a server without bookmarks is not read again for its silence', async () => {
  await using server = await serve('offered')
  await using started = await start(server, { watchList: false, maxSilenceMs: 30, minWatchSeconds: 0 })
  await until(() => started.reflector.status().watches > 12)
  expect(started.reflector.status().lists).toBe(1)
  await settle(server, started)
  expectEqual(server, started)
})

it('one that sent bookmarks and went silent is', async () => {
  await using server = await serve('offered')
  await using started = await start(server, { watchList: false, maxSilenceMs: 100 })
  await until(() => server.watcherCount === 1)
  server.bookmark()
  await until(() => started.reflector.status().lists === 2)
  expectEqual(server, started)
})
