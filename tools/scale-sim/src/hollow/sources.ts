import { clusterSizeInterval, sharedIntervals } from '@axoneme/backoff'
import type { K8sClient } from '@axoneme/k8s-client'
import {
  createCiliumNodeTable,
  createNodeTable,
  type ReflectorEvent,
  type ReflectorOptions,
  startReflector,
} from '@axoneme/k8s-watchers'
import type { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import {
  ciliumNodeDecoder,
  type Decoder,
  endpointSliceDecoder,
  type Interner,
  namespaceDecoder,
  networkPolicyDecoder,
  nodeDecoder,
  podDecoder,
  type SlimCiliumNode,
  type SlimNode,
  serviceDecoder,
} from '@axoneme/slim-types'
import type { Table, WritableTable } from '@axoneme/tables'
import { createHollowTable } from './hollow-table.ts'

export type SourceOptions = Readonly<{
  client: K8sClient
  nodeName: string
  /** Shared by the agents of a process. */
  interner: Interner
  /** Whether nodes and pods of the cluster come by the kvstore; otherwise the agent watches them all here. */
  handover: boolean
  /** Whether the first state is asked for as a stream. */
  watchList: boolean
  /** Of the cluster: with it watches last longer. */
  nodeCount: number
  observe: (event: ReflectorEvent) => void
  log: Logger
  scope: Scope
}>

export type Sources = Readonly<{
  own: WritableTable<SlimNode>
  ownCiliumNode: WritableTable<SlimCiliumNode>
  /** Everything that must be read before an agent is ready. */
  all: readonly Table<object>[]
}>

/** The reflectors of a real agent, with tables that keep nothing but the node's own objects. */
export function startSources({
  client,
  nodeName,
  interner,
  handover,
  watchList,
  nodeCount,
  observe,
  log,
  scope,
}: SourceOptions): Sources {
  const minWatchSeconds =
    clusterSizeInterval(sharedIntervals.apiserverWatchEnd.period.baseMs, nodeCount) / 1000
  // Tables that are empty cannot be compared with their source.
  const { signal } = scope
  const common = { client, log, observe, watchList, minWatchSeconds, selfCheck: false, signal } as const
  const start = <T extends object>(options: Pick<ReflectorOptions<T>, 'decoder' | 'table' | 'resource'>) => {
    scope.use(startReflector<T>({ ...common, ...options }))
    return options.table
  }
  const hollow = <T extends object>(decoder: Decoder<T>, fieldSelector?: string) =>
    start({ decoder, table: createHollowTable<T>(decoder.resource), resource: { fieldSelector } })
  const named = { fieldSelector: `metadata.name=${nodeName}` }
  const own = start({ decoder: nodeDecoder(interner), table: createNodeTable(), resource: named })
  const ownCiliumNode = start({
    decoder: ciliumNodeDecoder(interner),
    table: createCiliumNodeTable(),
    resource: named,
  })
  const pods = handover
    ? [hollow(podDecoder(interner), `spec.nodeName=${nodeName}`)]
    : [hollow(podDecoder(interner)), hollow(nodeDecoder(interner))]
  const others = [
    hollow(namespaceDecoder(interner)),
    hollow(serviceDecoder(interner)),
    hollow(endpointSliceDecoder(interner)),
    hollow(networkPolicyDecoder(interner)),
  ]
  return { own, ownCiliumNode, all: [own, ownCiliumNode, ...pods, ...others] }
}
