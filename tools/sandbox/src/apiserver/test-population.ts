import type { JsonObject } from './json.ts'
import { storageKey } from './object.ts'
import type { ApiServer } from './server.ts'
import { finalizeNamespace } from './verbs/actions.ts'
import { createObject } from './verbs/create.ts'
import { deleteObject } from './verbs/remove.ts'
import { updateObject } from './verbs/update.ts'

/** Objects of one kind that come, change and go. */
type Species = Readonly<{
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
  /** What is beside apiVersion, kind, name and namespace; drawn anew for every change. */
  draw: (random: Random) => JsonObject
}>

type Target = Readonly<{ namespace: string; name: string }>

/** Whole numbers below `limit`. */
type Random = (limit: number) => number

const namespaces = ['default', 'kube-system']
const labelsOf = (random: Random) => ({
  app: `app-${random(3)}`,
  // Which of them are agents is what the operator selects by.
  'app.kubernetes.io/name': ['axoneme-agent', 'other'][random(2)] ?? '',
})
const ports = (random: Random) => [{ name: 'p', port: 80 + random(3), protocol: 'TCP' }]

const species: readonly Species[] = [
  {
    ...{ group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
    draw: (random) => ({
      spec: { nodeName: `node-${random(3)}`, containers: [{ name: 'c', image: 'i' }] },
      status: {
        phase: ['Pending', 'Running', 'Failed'][random(3)] ?? '',
        podIPs: [{ ip: `10.1.0.${1 + random(250)}` }],
        conditions: [{ type: 'Ready', status: random(2) === 0 ? 'True' : 'False' }],
      },
    }),
  },
  {
    ...{ group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false },
    draw: (random) => ({
      status: { addresses: [{ type: 'InternalIP', address: `192.0.2.${1 + random(250)}` }] },
    }),
  },
  {
    ...{ group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false },
    draw: () => ({}),
  },
  {
    ...{ group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true },
    draw: (random) => ({ spec: { ports: ports(random), selector: { app: `app-${random(3)}` } } }),
  },
  {
    ...{ group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', kind: 'EndpointSlice' },
    namespaced: true,
    draw: (random) => ({
      addressType: 'IPv4',
      endpoints: [{ addresses: [`10.1.0.${1 + random(250)}`] }],
      ports: ports(random),
    }),
  },
  {
    ...{ group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies', kind: 'NetworkPolicy' },
    namespaced: true,
    draw: (random) => ({
      spec: { podSelector: { matchLabels: { app: `app-${random(3)}` } }, ingress: [{}] },
    }),
  },
  {
    ...{ group: 'cilium.io', version: 'v2', plural: 'ciliumnodes', kind: 'CiliumNode', namespaced: false },
    draw: (random) => ({ spec: { ipam: { podCIDRs: [`10.${random(250)}.0.0/24`] } } }),
  },
  {
    ...{ group: 'cilium.io', version: 'v2', plural: 'ciliumendpoints', kind: 'CiliumEndpoint' },
    namespaced: true,
    draw: (random) => ({ status: { id: 1 + random(1000) } }),
  },
]

/** Objects of every kind that is watched, changed at random beside the HTTP server, which only followers use. */
export function createPopulation(server: ApiServer, random01: () => number) {
  const { context } = server
  const random: Random = (limit) => Math.floor(random01() * limit)
  const typeOf = ({ group, version, plural }: Species) => context.registry.mustFind(group, version, plural)

  const collectionOf = (kind: Species) => context.store.collection(typeOf(kind).storage)

  const put = (kind: Species, { name, namespace }: Target, content: JsonObject) => {
    const type = typeOf(kind)
    const stored = collectionOf(kind).get(storageKey(namespace, name))
    const body = {
      apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
      kind: kind.kind,
      metadata: { name, ...(kind.namespaced ? { namespace } : {}), labels: labelsOf(random) },
      ...content,
    }
    const target = { namespace, name, isPatch: true }
    if (stored === undefined) createObject(context, type, { namespace, body, dryRun: false })
    // What may not change of these stays: of pods either the status does or the labels do.
    else if (kind.kind === 'Pod' && random(2) === 0)
      updateObject(context, type, { ...target, body, subresource: 'status' })
    else if (kind.kind === 'Pod' || kind.kind === 'Service')
      updateObject(context, type, { ...target, body: { ...body, spec: stored.spec ?? {} } })
    else updateObject(context, type, { ...target, body })
  }

  const remove = (kind: Species, target: Target | undefined = anyOf(kind)) => {
    if (target === undefined) return
    const type = typeOf(kind)
    const { isGone } = deleteObject(context, type, { ...target, options: { gracePeriodSeconds: 0 } })
    // What the namespace controller does once a namespace is empty.
    if (!isGone) finalizeNamespace(context, type, { ...target, body: { spec: { finalizers: [] } } })
  }

  const anyOf = (kind: Species): Target | undefined => {
    const own = [...collectionOf(kind).values()].filter(({ metadata }) => metadata.name.startsWith('node-'))
    const metadata = own[random(own.length)]?.metadata
    return metadata === undefined ? undefined : { namespace: metadata.namespace ?? '', name: metadata.name }
  }

  /** What the agent of node-1 and the operator select: its pods, its nodes, the pods of agents. */
  const selected = species.flatMap((kind) => {
    const name = 'node-1'
    if (kind.kind === 'Pod') return [{ kind, target: { namespace: 'kube-system', name: 'agent' } }]
    return kind.kind === 'Node' || kind.kind === 'CiliumNode'
      ? [{ kind, target: { namespace: '', name } }]
      : []
  })

  return {
    /** One object of one kind comes, changes or goes. */
    change() {
      const kind = species[random(species.length)]
      if (kind === undefined) return
      if (random(3) === 0) remove(kind)
      else {
        const namespace = kind.namespaced ? (namespaces[random(namespaces.length)] ?? '') : ''
        put(kind, { namespace, name: `node-${random(30)}` }, kind.draw(random))
      }
    },
    /** Something is there of all that is watched by a selector. */
    addSelected() {
      for (const { kind, target } of selected) {
        const metadata = { ...target, labels: { 'app.kubernetes.io/name': 'axoneme-agent' } }
        const spec = { nodeName: 'node-1', containers: [{ name: 'c', image: 'i' }] }
        put(kind, target, kind.kind === 'Pod' ? { metadata, spec } : {})
      }
    },
    removeSelected() {
      for (const { kind, target } of selected) remove(kind, target)
    },
    /** One object of every kind goes. */
    removeOneOfEach() {
      for (const kind of species) remove(kind)
    },
    /** How many objects of a kind the server has. */
    count(plural: string): number {
      const kind = species.find((each) => each.plural === plural)
      return kind === undefined ? 0 : collectionOf(kind).size
    },
  }
}
