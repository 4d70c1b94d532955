import type { IdentityId } from '@axoneme/identity'
import type { NodeRow } from '@axoneme/ipcache'
import { identityPaths, ipEntryOf, ipPrefix, nodeEntryOf, nodePrefix } from '@axoneme/kvstore-sync'
import { nodeAddress, nodeName, nodeOfPod, podAddress, podCidr, routerAddress } from './addresses.ts'
import { appOfReplicaSet, identityLabelsOfApp, identityOfApp, replicaSetOfPod } from './app.ts'
import { nodeLabels } from './node.ts'
import { podName, podNamespace } from './pod.ts'
import type { ClusterShape } from './shape.ts'

/** A key as it is in etcd. `leased` keys go with the agent that wrote them. */
export type ModelEntry = Readonly<{ key: string; value: string; leased: boolean }>

/** What agents know of a node: the operator hands it over. */
export function nodeRow(shape: ClusterShape, index: number): NodeRow {
  return {
    name: nodeName(index),
    cluster: shape.clusterName,
    internalIp: nodeAddress(index),
    routerIp: routerAddress(index),
    podCidrs: [podCidr(index)],
    encryptKey: 0,
    labels: nodeLabels(index),
  }
}

export function nodeEntry(shape: ClusterShape, index: number): ModelEntry {
  const { key, value } = nodeEntryOf(nodeRow(shape, index), 'custom-resource')
  return { key: nodePrefix(shape.clusterName) + key, value, leased: false }
}

/** Whose address belongs to which identity; by default the one that the model gives to the pod's app. */
export function ipEntry(
  shape: ClusterShape,
  pod: number,
  identity: IdentityId = identityOfApp(appOfReplicaSet(shape, replicaSetOfPod(pod))),
): ModelEntry {
  const endpoint = {
    id: 1 + Math.floor(pod / shape.nodes),
    namespace: podNamespace(shape, pod),
    podName: podName(shape, pod),
    ipv4: podAddress(shape, pod),
    identity,
  }
  const entry = ipEntryOf(endpoint, nodeRow(shape, nodeOfPod(shape, pod)))
  if (entry === undefined) throw new RangeError(`pod ${pod} has no identity`)
  return { key: ipPrefix(shape.clusterName) + entry.key, value: entry.value, leased: true }
}

/** The master key of an app's identity. */
export function identityEntry(shape: ClusterShape, app: number): ModelEntry {
  return {
    key: identityPaths.idPrefix + identityOfApp(app),
    value: identityLabelsOfApp(shape, app),
    leased: false,
  }
}

/** The keys by which a node says that it uses the identities of its pods; a thing that only allocators read. */
export function* slaveEntries(shape: ClusterShape, node: number): Generator<ModelEntry> {
  const apps = new Set<number>()
  for (let pod = node; pod < shape.pods; pod += shape.nodes)
    apps.add(appOfReplicaSet(shape, replicaSetOfPod(pod)))
  for (const app of apps) {
    const key = `${identityPaths.valuePrefix}${identityLabelsOfApp(shape, app)}/${nodeAddress(node)}`
    yield { key, value: String(identityOfApp(app)), leased: true }
  }
}

/** Everything that the agents of the cluster have in etcd: nodes, addresses, identities and who uses them. */
export function* kvstoreEntries(shape: ClusterShape): Generator<ModelEntry> {
  for (let app = 0; app < shape.apps; app++) yield identityEntry(shape, app)
  for (let node = 0; node < shape.nodes; node++) {
    yield nodeEntry(shape, node)
    yield* slaveEntries(shape, node)
  }
  for (let pod = 0; pod < shape.pods; pod++) yield ipEntry(shape, pod)
}
