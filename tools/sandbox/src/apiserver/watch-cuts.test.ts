import { isDeepStrictEqual } from 'node:util'
import { openK8sClient } from '@axoneme/k8s-client'
import { writeKubeconfig } from '@axoneme/k8s-client/testing'
import { registerCustomResourceDefinitions } from '@axoneme/k8s-writers'
import { Scope, sleep } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import { expect, it } from 'vitest'
import type { Observe } from './http/observation.ts'
import { type ApiServer, startApiServer } from './server.ts'
import { contentOf, type Followers, startFollowers } from './test-followers.ts'
import { createPopulation } from './test-population.ts'

/** AXO_WATCH_CUTS_SECONDS=60 is the long form: every watch cut each second for a minute. */
const seconds = Number(process.env.AXO_WATCH_CUTS_SECONDS ?? 6)
const isLong = process.env.AXO_WATCH_CUTS_SECONDS !== undefined
const cutIntervalMs = isLong ? 1000 : 150
const seed = Number(process.env.AXO_WATCH_CUTS_SEED ?? Date.now() % 1_000_000)

const retry = { minMs: 5, maxMs: 40 }
/** As an agent's, only sooner. */
const settings = {
  retry,
  pageSize: 7,
  maxSilenceMs: 600,
  minWatchSeconds: 2,
  selfCheck: {
    period: { baseMs: 700, jitter: 0.5 },
    afterCut: { perNodeMs: 0, maxMs: 0 },
    settleMs: 300,
  },
}

/** Park and Miller's generator: the same faults and changes for the same seed, as far as the network keeps step. */
function seededRandom(from: number): () => number {
  let state = (from % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

async function startCluster(scope: Scope, observe: Observe = () => {}): Promise<ApiServer> {
  const log = createLogger({ sink: () => {} })
  const listen = { host: '127.0.0.1', port: 0 }
  const server = scope.use(await startApiServer({ listen, log, observe, bookmarkIntervalMs: 100 }))
  const { path } = scope.use(await writeKubeconfig(server.url))
  const client = scope.use(await openK8sClient({ kubeconfigPath: path, userAgent: 'test' }))
  await registerCustomResourceDefinitions({ client, signal: scope.signal })
  return server
}

async function until(condition: () => boolean, signal: AbortSignal): Promise<void> {
  while (!condition()) await sleep(5, { signal })
}

const areWhole = (followers: Followers) => followers.tables().size === followers.reflectors.length

/** What a reader finds that comes now and reads everything in pages. */
async function truthOf(server: ApiServer, signal: AbortSignal) {
  await using fresh = await startFollowers(server.url, { ...settings, watchList: false, selfCheck: false })
  await until(() => areWhole(fresh), signal)
  return contentOf(fresh)
}

const checksOf = ({ reflectors }: Followers, outcome: 'equal' | 'differs' | 'unknown') =>
  reflectors.reduce((sum, reflector) => sum + reflector.status().selfChecks[outcome], 0)

/** Cuts every watch and lets `meanwhile` happen at once; over when each reflector watches again. */
async function cutAll(
  { server, followers, signal }: { server: ApiServer; followers: Followers; signal: AbortSignal },
  meanwhile: () => void,
): Promise<void> {
  const statuses = () => followers.reflectors.map((reflector) => reflector.status())
  await until(() => statuses().every(({ phase }) => phase === 'watching'), signal)
  const before = statuses()
  server.faults.cutWatches()
  meanwhile()
  const isBack = ({ phase, watches }: ReturnType<typeof statuses>[number], i: number) =>
    phase === 'watching' && watches > (before[i]?.watches ?? 0)
  await until(() => statuses().every(isBack), signal)
}

it('without the self-check a removal that a resume did not replay stays for ever', {
  timeout: 25_000,
}, async () => {
  await using scope = new Scope('test', { signal: AbortSignal.timeout(20_000) })
  const server = await startCluster(scope)
  const population = createPopulation(server, seededRandom(seed))
  for (let i = 0; i < 300; i++) population.change()
  const followers = scope.use(await startFollowers(server.url, { ...settings, selfCheck: false }))
  await until(() => areWhole(followers), scope.signal)
  expect(contentOf(followers)).toEqual(await truthOf(server, scope.signal))
  const cluster = { server, followers, signal: scope.signal }
  server.faults.missedRemovals = 'lost'
  await cutAll(cluster, () => population.removeOneOfEach())
  expect(server.faults.lostRemovals).toBeGreaterThan(0)
  await sleep(500)
  expect(contentOf(followers)).not.toEqual(await truthOf(server, scope.signal))
})

it(`tables equal the source after ${seconds} s of cuts, 410s, lost removals and half-open watches`, {
  timeout: (seconds + 60) * 1000,
}, async () => {
  await using scope = new Scope('test', { signal: AbortSignal.timeout((seconds + 55) * 1000) })
  const answers: Record<string, number> = {}
  const server = await startCluster(scope, (seen) => {
    if (seen.verb !== 'list' && seen.verb !== 'watch') return
    const what = seen.kind === 'answer' ? seen.code : seen.type
    const name = `${seen.verb} ${what}`
    answers[name] = (answers[name] ?? 0) + 1
  })
  const { faults } = server
  const random = seededRandom(seed)
  const population = createPopulation(server, random)
  for (let i = 0; i < 300; i++) population.change()
  const followers = scope.use(await startFollowers(server.url, settings))

  const happened = { changes: 300, compactions: 0, mutes: 0 }
  faults.cutWatchesEvery(cutIntervalMs)
  faults.cutShare = 0.05
  const endsMs = performance.now() + seconds * 1000
  while (performance.now() < endsMs) {
    for (let i = random() * 4; i > 0; i--) {
      population.change()
      happened.changes++
    }
    faults.missedRemovals = random() < 0.5 ? 'lost' : 'sent'
    faults.latencyMs = random() * 5
    faults.expiredWatch = random() < 0.5 ? 'event' : 'status'
    // In the second half, reflectors learn one by one that there are no watch-lists.
    if (performance.now() > endsMs - seconds * 500)
      faults.watchList = random() < 0.5 ? 'refused' : 'error-event'
    if (random() < 0.02) {
      faults.compact()
      happened.compactions++
    }
    if (random() < 0.01) happened.mutes += faults.muteWatches()
    await sleep(random() * 15)
  }
  faults.cutWatchesEvery(undefined)
  faults.cutShare = 0
  faults.latencyMs = 0
  faults.missedRemovals = 'sent'
  const cluster = { server, followers, signal: scope.signal }
  for (const form of ['event', 'status'] as const) {
    faults.expiredWatch = form
    await cutAll(cluster, () => {
      population.removeOneOfEach()
      faults.compact()
    })
  }
  population.addSelected()
  const selections = ['agent pods', 'agent kubernetesNodes', 'agent ciliumNodes', 'operator agentPods']
  const areSelected = () => selections.every((name) => (followers.tables().get(name)?.size ?? 0) > 0)
  await until(areSelected, scope.signal)
  faults.missedRemovals = 'lost'
  const { lostRemovals } = faults
  await cutAll(cluster, () => {
    population.removeSelected()
    population.removeOneOfEach()
  })
  // One of each, and what the selections had: nobody is told.
  expect(faults.lostRemovals - lostRemovals).toBeGreaterThanOrEqual(followers.reflectors.length)
  const truth = await truthOf(server, scope.signal)
  expect(Object.keys(truth['agent services'] ?? {})).toHaveLength(population.count('services'))
  expect(Object.keys(truth['operator pods'] ?? {})).toHaveLength(population.count('pods'))
  expect(Object.keys(truth)).toHaveLength(followers.reflectors.length)
  // The last removals are known only by a comparison: nothing else happens any more.
  while (!isDeepStrictEqual(contentOf(followers), truth) && !scope.signal.aborted) await sleep(50)
  const totals = followers.reflectors.map((reflector) => reflector.status())
  const sum = (of: (status: (typeof totals)[number]) => number) => totals.reduce((all, it) => all + of(it), 0)
  const report = {
    seed,
    ...happened,
    answers,
    watches: sum(({ watches }) => watches),
    lists: sum(({ lists }) => lists),
    eventsNeeded: sum(({ needed }) => needed),
    lostRemovals: faults.lostRemovals,
    selfChecks: {
      equal: checksOf(followers, 'equal'),
      differs: checksOf(followers, 'differs'),
      unknown: checksOf(followers, 'unknown'),
    },
    rows: Object.fromEntries(Object.entries(truth).map(([name, rows]) => [name, Object.keys(rows).length])),
  }
  if (isLong || scope.signal.aborted) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  if (scope.signal.aborted) process.stdout.write(`${JSON.stringify(totals, undefined, 2)}\n`)
  expect(contentOf(followers)).toEqual(truth)
  expect(report.selfChecks.differs).toBeGreaterThan(0)
  expect(answers['watch ERROR']).toBeGreaterThan(0)
  expect(answers['watch 410']).toBeGreaterThan(0)
})
