import { startEtcd } from '@axoneme/kvstore/testing'
import { type Benchmark, defaultRounds } from '../benchmark.ts'
import { measureInterleaved } from '../samples.ts'
import { allocating } from './allocations.ts'
import { atOnce, conditionalCalls, fillWith, inTurn, listing, plainCalls, watching } from './operations.ts'
import { openEtcd3, openGateway, openOurs } from './sides.ts'

/** One long list costs as much as everything else of a round. */
const listRounds = 7
const prefix = 'listed/'

/** Our client beside others on the same etcd: what its leases, limits, fences and gapless watches cost. */
export const kvstoreBenchmark: Benchmark = {
  name: 'kvstore',
  summary:
    'calls, watches, lists and identities through our etcd client, and through etcd3 and the JSON gateway',
  async run({ rounds, progress, signal }) {
    const isFull = rounds >= defaultRounds
    const [events, keys, identities] = isFull ? [4_000, 100_000, 64] : [400, 5_000, 16]
    progress('starting etcd')
    await using etcd = await startEtcd({ signal })
    await using ours = await openOurs(etcd.endpoints, signal)
    await using other = await openOurs(etcd.endpoints, signal)
    await using etcd3 = openEtcd3(etcd.endpoints)
    using gateway = openGateway(etcd.endpoints[0] ?? '')
    const fill = fillWith({
      async commit(names, value) {
        await other.store.commit({
          conditions: [],
          writes: names.map((key) => ({ kind: 'put', key, value })),
        })
      },
    })
    await using identity = allocating([ours, other], { count: identities })
    const sides = [ours, etcd3]
    const ms = await measureInterleaved(
      [
        ...sides.flatMap((side) => [
          inTurn(side.name, plainCalls(side)),
          inTurn(side.name, conditionalCalls(side)),
          atOnce(side.name, plainCalls(side)),
          watching(side, { fill, events }),
        ]),
        inTurn(gateway.name, plainCalls(gateway)),
        identity.sampler,
      ],
      { rounds, onRound: (round) => progress(`round ${round} of ${rounds}`), signal },
    )
    progress(`writing ${keys} keys`)
    await fill(prefix, keys)
    const lists = Math.min(rounds, listRounds)
    const list = await measureInterleaved(
      sides.map((side) => listing(side, { prefix, count: keys })),
      { rounds: lists, onRound: (round) => progress(`list ${round} of ${lists}`), signal },
    )
    const perSecond = (name: string) => 1000 / ms.of(name)
    return {
      ratios: {
        get_over_etcd3: ms.of('get ours') / ms.of('get etcd3'),
        put_over_etcd3: ms.of('put ours') / ms.of('put etcd3'),
        create_over_etcd3: ms.of('create ours') / ms.of('create etcd3'),
        txn_over_etcd3: ms.of('txn ours') / ms.of('txn etcd3'),
        get_over_gateway: ms.of('get ours') / ms.of('get gateway'),
        put_over_gateway: ms.of('put ours') / ms.of('put gateway'),
        get_at_once_over_etcd3: ms.of('get at once ours') / ms.of('get at once etcd3'),
        put_at_once_over_etcd3: ms.of('put at once ours') / ms.of('put at once etcd3'),
        watch_over_etcd3: ms.of('watch ours') / ms.of('watch etcd3'),
        list_over_etcd3: list.of('list ours') / list.of('list etcd3'),
        list_kept_over_etcd3: list.of('list kept ours') / list.of('list kept etcd3'),
      },
      figures: {
        get_ms: ms.of('get ours'),
        put_ms: ms.of('put ours'),
        create_ms: ms.of('create ours'),
        txn_ms: ms.of('txn ours'),
        etcd3_get_ms: ms.of('get etcd3'),
        etcd3_put_ms: ms.of('put etcd3'),
        etcd3_create_ms: ms.of('create etcd3'),
        etcd3_txn_ms: ms.of('txn etcd3'),
        gateway_get_ms: ms.of('get gateway'),
        gateway_put_ms: ms.of('put gateway'),
        gets_per_s: perSecond('get at once ours'),
        puts_per_s: perSecond('put at once ours'),
        etcd3_gets_per_s: perSecond('get at once etcd3'),
        etcd3_puts_per_s: perSecond('put at once etcd3'),
        events_per_s: perSecond('watch ours'),
        etcd3_events_per_s: perSecond('watch etcd3'),
        list_ms: list.of('list ours'),
        list_kept_mb: list.of('list kept ours'),
        etcd3_list_ms: list.of('list etcd3'),
        etcd3_list_kept_mb: list.of('list kept etcd3'),
        new_identities_per_s: perSecond('new identity'),
        known_identities_per_s: perSecond('known identity'),
        calls_of_new_identity_count: ms.of('calls new'),
        calls_of_known_identity_count: ms.of('calls known'),
        keys_count: keys,
        rounds_count: rounds,
      },
    }
  },
}
