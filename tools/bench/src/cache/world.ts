import type { NodeRow } from '@axoneme/ipcache'

/** How large the cluster is. Pods are spread evenly over the nodes, and each service has as many backends. */
export type WorldSize = Readonly<{
  nodes: number
  pods: number
  services: number
  backendsPerService: number
  identities: number
  namespaces: number
}>

export type WorldPod = Readonly<{
  ip: string
  hostIp: string
  nodeName: string
  identity: number
  namespace: string
  name: string
}>

export type WorldService = Readonly<{
  namespace: string
  name: string
  clusterIp: string
  port: number
  targetPort: number
  backends: readonly WorldPod[]
}>

/** A cluster as the agent of one more node sees it: the same for the same size, and made anew each time it is asked for. */
export type World = Readonly<{
  size: WorldSize
  /** Of the node that the agent runs on. */
  ownPodCidr: string
  namespaces: readonly string[]
  /** Labels by number, as the kvstore has them. */
  identities: ReadonlyMap<number, string>
  nodes(): IterableIterator<NodeRow>
  pods(): IterableIterator<WorldPod>
  services(): IterableIterator<WorldService>
}>

export const fullSize: WorldSize = {
  nodes: 5_000,
  pods: 100_000,
  services: 20_000,
  backendsPerService: 5,
  identities: 1_000,
  namespaces: 200,
}

export const worldCluster = 'default'
const firstIdentity = 256
/** Addresses of a /24 that pods have: not the network, not the router. */
const podsPerNode = 253

export function createWorld(size: WorldSize): World {
  if (size.pods > size.nodes * podsPerNode) throw new RangeError(`${size.pods} pods on ${size.nodes} nodes`)
  const namespaces = Array.from({ length: size.namespaces }, (_, i) => `team-${i % 50}-${stages[i % 4]}-${i}`)
  const identities = new Map(
    Array.from({ length: size.identities }, (_, i) => [firstIdentity + i, identityLabels(i, namespaces)]),
  )
  const podAt = (index: number): WorldPod => {
    const node = index % size.nodes
    const app = index % size.identities
    return {
      ip: `${podNetOf(node)}.${2 + Math.floor(index / size.nodes)}`,
      hostIp: hostIpOf(node),
      nodeName: nodeNameOf(node),
      identity: firstIdentity + app,
      namespace: namespaces[app % size.namespaces] ?? '',
      name: `app-${app}-${hash(app, 10)}-${hash(index, 5)}`,
    }
  }
  return {
    size,
    ownPodCidr: '10.200.0.0/24',
    namespaces,
    identities,
    *nodes() {
      for (let node = 0; node < size.nodes; node++) yield nodeAt(node)
    },
    *pods() {
      for (let index = 0; index < size.pods; index++) yield podAt(index)
    },
    *services() {
      for (let index = 0; index < size.services; index++) {
        const first = index * size.backendsPerService
        const namespace = namespaces[index % size.namespaces] ?? ''
        yield {
          namespace,
          name: `app-${index % size.identities}-${index}`,
          // Beyond the range that the apiserver takes addresses for its own services from.
          clusterIp: `10.${97 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
          port: 80,
          targetPort: 8080,
          backends: Array.from({ length: size.backendsPerService }, (_, i) => podAt((first + i) % size.pods)),
        }
      }
    },
  }
}

const stages = ['production', 'staging', 'testing', 'development']

function identityLabels(index: number, namespaces: readonly string[]): string {
  const namespace = namespaces[index % namespaces.length]
  return [
    `k8s:app.kubernetes.io/name=app-${index}`,
    `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${namespace}`,
    'k8s:io.cilium.k8s.policy.cluster=default',
    `k8s:io.cilium.k8s.policy.serviceaccount=app-${index}`,
    `k8s:io.kubernetes.pod.namespace=${namespace}`,
    `k8s:tier=${['backend', 'frontend', 'cache'][index % 3]}`,
    '',
  ].join(';')
}

function nodeAt(node: number): NodeRow {
  const name = nodeNameOf(node)
  return {
    name,
    cluster: worldCluster,
    internalIp: hostIpOf(node),
    routerIp: `${podNetOf(node)}.1`,
    podCidrs: [`${podNetOf(node)}.0/24`],
    encryptKey: 0,
    labels: {
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'node.kubernetes.io/instance-type': ['m6i.4xlarge', 'm6i.8xlarge', 'c6i.8xlarge'][node % 3] ?? '',
      'topology.kubernetes.io/region': 'eu-west-1',
      'topology.kubernetes.io/zone': `eu-west-1${['a', 'b', 'c'][node % 3]}`,
    },
  }
}

function nodeNameOf(node: number): string {
  return `ip-172-16-${(node + 1) >> 8}-${(node + 1) & 255}.eu-west-1.compute.internal`
}

function hostIpOf(node: number): string {
  return `172.16.${(node + 1) >> 8}.${(node + 1) & 255}`
}

/** The first three numbers of the node's pod CIDR. */
function podNetOf(node: number): string {
  return `10.${node >> 8}.${node & 255}`
}

/** Letters as in the names that controllers make. */
function hash(value: number, length: number): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789'
  let state = value + 1
  let text = ''
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    text += letters[(state >>> 8) % letters.length]
  }
  return text
}
