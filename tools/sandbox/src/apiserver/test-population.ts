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

  const upsert = (kind: Species) => {
    const name = `node-${random(30)}`
    const namespace = kind.namespaced ? (namespaces[random(namespaces.length)] ?? '') : ''
    const body = {
      apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
      kind: kind.kind,
      metadata: { name, ...(kind.namespaced ? { namespace } : {}), labels: labelsOf(random) },
      ...kind.draw(random),
    }
    const type = typeOf(kind)
    // Where only its status may change, that is what does.
    const exists = context.store.collection(type.storage).get(storageKey(namespace, name)) !== undefined
    if (!exists) createObject(context, type, { namespace, body, dryRun: false })
    else if (kind.kind === 'Pod')
      updateObject(context, type, { namespace, name, body, subresource: 'status', isPatch: true })
    else if (kind.kind !== 'Service') updateObject(context, type, { namespace, name, body, isPatch: true })
  }

  const remove = (kind: Species) => {
    const type = typeOf(kind)
    const objects = [...context.store.collection(type.storage).values()].filter(({ metadata }) =>
      metadata.name.startsWith('node-'),
    )
    const found = objects[random(objects.length)]
    if (found === undefined) return
    const { name, namespace = '' } = found.metadata
    const { isGone } = deleteObject(context, type, { namespace, name, options: { gracePeriodSeconds: 0 } })
    // What the namespace controller does once a namespace is empty.
    if (!isGone) finalizeNamespace(context, type, { namespace, name, body: { spec: { finalizers: [] } } })
  }

  return {
    /** One object of one kind comes, changes or goes. */
    change() {
      const kind = species[random(species.length)]
      if (kind === undefined) return
      if (random(3) === 0) remove(kind)
      else upsert(kind)
    },
    /** One object of every kind goes. */
    removeOneOfEach() {
      for (const kind of species) remove(kind)
    },
    /** How many objects of a kind the server has. */
    count(plural: string): number {
      const kind = species.find((each) => each.plural === plural)
      return kind === undefined ? 0 : context.store.collection(typeOf(kind).storage).size
    },
  }
}
