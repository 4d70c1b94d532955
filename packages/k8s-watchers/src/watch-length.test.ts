import { expect, it } from 'vitest'
import { PodServer } from './testing/pod-server.ts'
import { settle, start, until } from './testing/started.ts'

it('is asked before each watch, so that watches last longer where there are more nodes', async () => {
  await using server = await PodServer.start()
  server.upsert('pod')
  server.faults.push({ on: 'watch', kind: 'end' })
  const asked: number[] = []
  const minWatchSeconds = () => {
    asked.push(0)
    return asked.length === 1 ? 300 : 3_000
  }
  await using started = await start(server, { watchList: false, minWatchSeconds })
  const timeouts = () =>
    server.received.flatMap(({ query }) => (query.has('watch') ? [Number(query.get('timeoutSeconds'))] : []))
  await until(() => timeouts().length >= 2)
  await settle(server, started)
  const [first = 0, second = 0] = timeouts()
  expect([first >= 300 && first <= 600, second >= 3_000 && second <= 6_000]).toEqual([true, true])
})
