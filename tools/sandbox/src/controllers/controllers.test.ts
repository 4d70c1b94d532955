import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type JsonObject, objectsAt, textAt } from '../apiserver/json.ts'
import type { KubeObject } from '../apiserver/object.ts'
import { eventually, node, openTestServer, runningStatus, type TestServer } from '../apiserver/testing.ts'

const merge = { 'content-type': 'application/merge-patch+json' }
const core = '/api/v1/namespaces/default'
const apps = '/apis/apps/v1/namespaces/default'
let server: TestServer

beforeEach(async () => {
  server = await openTestServer({ withControllers: true })
})

afterEach(async () => {
  expect(server.complaints).toEqual([])
  await server[Symbol.asyncDispose]()
})

async function list(path: string): Promise<JsonObject[]> {
  return objectsAt((await server.request('GET', path)).body, 'items')
}

async function create(path: string, body: JsonObject): Promise<JsonObject> {
  const answer = await server.request('POST', path, body)
  expect(answer).toMatchObject({ code: 201 })
  return answer.body
}

const addNodes = (...names: string[]) => Promise.all(names.map((name) => create('/api/v1/nodes', node(name))))
const nameOf = (object: JsonObject) => textAt(object, 'metadata', 'name')
const nodeOf = (pod: JsonObject) => textAt(pod, 'spec', 'nodeName')
const isStaying = (pod: JsonObject) => textAt(pod, 'metadata', 'deletionTimestamp') === ''

function podSpec(extra: JsonObject = {}): JsonObject {
  return { containers: [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: 80 }] }], ...extra }
}

function workload(name: string, spec: JsonObject, pod: JsonObject = {}): JsonObject {
  return {
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: podSpec(pod) },
      ...spec,
    },
  }
}

/** Does what the kubelets do, for every pod there is. */
async function playKubelet(): Promise<void> {
  for (const pod of await list(`${core}/pods`)) {
    const path = `${core}/pods/${nameOf(pod)}`
    if (!isStaying(pod)) await server.request('DELETE', path, { gracePeriodSeconds: 0 })
    else if (nodeOf(pod) !== '' && textAt(pod, 'status', 'phase') === 'Pending')
      await server.request('PATCH', `${path}/status`, { status: runningStatus('10.0.0.1') }, merge)
  }
}

async function settled(check: () => Promise<boolean>): Promise<void> {
  await eventually(async () => {
    await playKubelet()
    return check()
  })
}

describe('scheduler', () => {
  it('spreads each owner over the nodes', async () => {
    await addNodes('a', 'b', 'c')
    await create(`${apps}/deployments`, workload('one', { replicas: 3 }))
    await create(`${apps}/deployments`, workload('two', { replicas: 6 }))
    await eventually(
      async () => (await list(`${core}/pods`)).filter((pod) => nodeOf(pod) !== '').length === 9,
    )
    const pods = await list(`${core}/pods`)
    for (const [app, each] of [
      ['one', 1],
      ['two', 2],
    ] as const) {
      const counts = Map.groupBy(
        pods.filter((pod) => textAt(pod, 'metadata', 'labels', 'app') === app),
        nodeOf,
      )
      expect([...counts.values()].map((some) => some.length)).toEqual([each, each, each])
    }
  })

  it.each([
    {
      what: 'a selector',
      node: { metadata: { name: 'x', labels: { disk: 'ssd' } } },
      pod: { nodeSelector: { disk: 'ssd' } },
    },
    {
      what: 'a required affinity',
      node: { metadata: { name: 'x', labels: { zone: 'z2' } } },
      pod: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'zone', operator: 'In', values: ['z2', 'z3'] }] },
              ],
            },
          },
        },
      },
    },
  ])('waits for a node that has $what, and says so', async ({ node: extra, pod }) => {
    await addNodes('plain')
    await create(`${core}/pods`, { metadata: { name: 'p' }, spec: podSpec(pod) })
    await eventually(
      async () =>
        textAt((await list(`${core}/pods`))[0], 'status', 'conditions', 0, 'reason') === 'Unschedulable',
    )
    const [waiting] = await list(`${core}/pods`)
    expect(textAt(waiting, 'status', 'conditions', 0, 'message')).toBe(
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    )
    await create('/api/v1/nodes', node('x', extra))
    await eventually(async () => nodeOf((await list(`${core}/pods`))[0] ?? {}) === 'x')
  })

  it('keeps away from nodes that are tainted, cordoned or not ready', async () => {
    await create(
      '/api/v1/nodes',
      node('tainted', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } }),
    )
    await create('/api/v1/nodes', node('cordoned', { spec: { unschedulable: true } }))
    await create(
      '/api/v1/nodes',
      node('unready', { status: { conditions: [{ type: 'Ready', status: 'False' }] } }),
    )
    await create(`${core}/pods`, { metadata: { name: 'any' }, spec: podSpec() })
    await create(`${core}/pods`, {
      metadata: { name: 'tolerant' },
      spec: podSpec({ tolerations: [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }] }),
    })
    await eventually(
      async () =>
        nodeOf((await list(`${core}/pods`)).find((pod) => nameOf(pod) === 'tolerant') ?? {}) === 'tainted',
    )
    expect(nodeOf((await list(`${core}/pods`)).find((pod) => nameOf(pod) === 'any') ?? {})).toBe('')
    await server.request('PATCH', '/api/v1/nodes/cordoned', { spec: { unschedulable: null } }, merge)
    await eventually(
      async () =>
        nodeOf((await list(`${core}/pods`)).find((pod) => nameOf(pod) === 'any') ?? {}) === 'cordoned',
    )
  })
})

describe('ReplicaSets', () => {
  it('replace a pod whose label was taken away, and take it back', async () => {
    await create(`${apps}/replicasets`, workload('rs', { replicas: 1 }))
    await eventually(async () => (await list(`${core}/pods`)).length === 1)
    const [first] = await list(`${core}/pods`)
    const path = `${core}/pods/${nameOf(first ?? {})}`
    await server.request('PATCH', path, { metadata: { labels: { app: 'quarantine' } } }, merge)
    await eventually(async () => (await list(`${core}/pods?labelSelector=app%3Drs`)).length === 1)
    expect((await server.request('GET', path)).body.metadata).not.toHaveProperty('ownerReferences')
    await server.request('PATCH', path, { metadata: { labels: { app: 'rs' } } }, merge)
    await settled(async () => (await list(`${core}/pods`)).length === 1)
  })

  it('count what is ready and what is available', async () => {
    await addNodes('a')
    await create(`${apps}/replicasets`, workload('rs', { replicas: 2, minReadySeconds: 3600 }))
    await settled(async () => {
      const { body } = await server.request('GET', `${apps}/replicasets/rs`)
      return (body.status as KubeObject)?.readyReplicas === 2
    })
    // Ready since long ago, so available at once: the condition's time counts.
    expect((await server.request('GET', `${apps}/replicasets/rs`)).body).toMatchObject({
      status: { replicas: 2, availableReplicas: 2, observedGeneration: 1 },
    })
  })
})

describe('Deployments', () => {
  it('replace everything at once when they say Recreate', async () => {
    await addNodes('a')
    await create(`${apps}/deployments`, workload('d', { replicas: 2, strategy: { type: 'Recreate' } }))
    await settled(
      async () =>
        (await list(`${core}/pods`)).filter((pod) => textAt(pod, 'status', 'phase') === 'Running').length ===
        2,
    )
    const old = (await list(`${core}/pods`)).map(nameOf)
    const image = { spec: { template: { spec: { containers: [{ name: 'c', image: 'other' }] } } } }
    await server.request('PATCH', `${apps}/deployments/d`, image, {
      'content-type': 'application/strategic-merge-patch+json',
    })
    await eventually(async () => (await list(`${core}/pods`)).every((pod) => !isStaying(pod)))
    expect((await list(`${core}/pods`)).map(nameOf)).toEqual(old)
    await settled(async () => {
      const names = (await list(`${core}/pods`)).map(nameOf)
      return names.length === 2 && names.every((name) => !old.includes(name))
    })
  })

  it('keep as many old ReplicaSets as they want', async () => {
    await create(`${apps}/deployments`, workload('d', { replicas: 0, revisionHistoryLimit: 1 }))
    for (const value of ['1', '2', '3', '4']) {
      const patch = { spec: { template: { metadata: { annotations: { value } } } } }
      await server.request('PATCH', `${apps}/deployments/d`, patch, merge)
      await eventually(async () =>
        (await list(`${apps}/replicasets`)).some(
          (set) => textAt(set, 'spec', 'template', 'metadata', 'annotations', 'value') === value,
        ),
      )
    }
    await eventually(async () => (await list(`${apps}/replicasets`)).length === 2)
  })
})

describe('StatefulSets', () => {
  it('make their pods one after the other, with names, claims and a host name', async () => {
    await addNodes('a')
    const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }]
    await create(
      `${apps}/statefulsets`,
      workload('db', { replicas: 2, serviceName: 'db', volumeClaimTemplates }),
    )
    await eventually(async () => nodeOf((await list(`${core}/pods`))[0] ?? {}) !== '')
    expect((await list(`${core}/pods`)).map(nameOf)).toEqual(['db-0'])
    await settled(async () => (await list(`${core}/pods`)).map(nameOf).join() === 'db-0,db-1')
    expect((await list(`${core}/persistentvolumeclaims`)).map(nameOf)).toEqual(['data-db-0', 'data-db-1'])
    expect((await server.request('GET', `${core}/pods/db-1`)).body).toMatchObject({
      spec: {
        hostname: 'db-1',
        subdomain: 'db',
        volumes: [{ persistentVolumeClaim: { claimName: 'data-db-1' } }],
      },
    })
  })

  it('update from the last to the first, and shrink from the end', async () => {
    await addNodes('a')
    await create(`${apps}/statefulsets`, workload('db', { replicas: 2, serviceName: 'db' }))
    await settled(
      async () =>
        (await list(`${core}/pods`)).filter((pod) => textAt(pod, 'status', 'phase') === 'Running').length ===
        2,
    )
    await server.request(
      'PATCH',
      `${apps}/statefulsets/db`,
      { spec: { template: { metadata: { labels: { v: '2' } } } } },
      merge,
    )
    await eventually(async () => (await list(`${core}/pods`)).some((pod) => !isStaying(pod)))
    expect((await list(`${core}/pods`)).filter((pod) => !isStaying(pod)).map(nameOf)).toEqual(['db-1'])
    await settled(async () => (await list(`${core}/pods?labelSelector=v%3D2`)).length === 2)
    await server.request('PATCH', `${apps}/statefulsets/db/scale`, { spec: { replicas: 1 } }, merge)
    await settled(async () => (await list(`${core}/pods`)).map(nameOf).join() === 'db-0')
  })
})

describe('DaemonSets', () => {
  it('run on every node that suits them, also on new ones and on cordoned ones', async () => {
    await addNodes('a')
    await create('/api/v1/nodes', node('cordoned', { spec: { unschedulable: true } }))
    await create('/api/v1/nodes', node('tainted', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }))
    await create(`${apps}/daemonsets`, workload('ds', {}))
    const placed = async () => (await list(`${core}/pods`)).map(nodeOf).sort().join()
    await eventually(async () => (await placed()) === 'a,cordoned')
    await addNodes('late')
    await eventually(async () => (await placed()) === 'a,cordoned,late')
    await server.request('DELETE', '/api/v1/nodes/a')
    await eventually(async () => (await placed()) === 'cordoned,late')
    await settled(async () => {
      const { body } = await server.request('GET', `${apps}/daemonsets/ds`)
      return (body.status as KubeObject)?.numberAvailable === 2
    })
  })

  it('replace their pods as many at a time as they may', async () => {
    await addNodes('a', 'b')
    await create(`${apps}/daemonsets`, workload('ds', {}))
    await settled(
      async () =>
        (await list(`${core}/pods`)).filter((pod) => textAt(pod, 'status', 'phase') === 'Running').length ===
        2,
    )
    await server.request(
      'PATCH',
      `${apps}/daemonsets/ds`,
      { spec: { template: { metadata: { labels: { v: '2' } } } } },
      merge,
    )
    await eventually(async () => (await list(`${core}/pods`)).some((pod) => !isStaying(pod)))
    expect((await list(`${core}/pods`)).filter(isStaying)).toHaveLength(1)
    await settled(async () => (await list(`${core}/pods?labelSelector=v%3D2`)).length === 2)
  })
})

describe('EndpointSlices', () => {
  it('follow pods and services', async () => {
    await addNodes('a')
    const spec = { selector: { app: 'web' }, ports: [{ name: 'w', port: 80, targetPort: 'http' }] }
    await create(`${core}/services`, { metadata: { name: 'web' }, spec })
    await create(`${apps}/replicasets`, workload('web', { replicas: 1 }))
    const slices = () => list('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices')
    await settled(async () => objectsAt((await slices())[0], 'endpoints').length === 1)
    await eventually(async () => JSON.stringify((await slices())[0]?.endpoints).includes('"ready":true'))
    expect((await slices())[0]).toMatchObject({
      metadata: {
        labels: { 'kubernetes.io/service-name': 'web' },
        ownerReferences: [{ kind: 'Service', name: 'web' }],
      },
      ports: [{ name: 'w', port: 80, protocol: 'TCP' }],
    })
    const [pod] = await list(`${core}/pods`)
    await server.request('DELETE', `${core}/pods/${nameOf(pod ?? {})}`)
    await eventually(async () =>
      JSON.stringify((await slices())[0]?.endpoints).includes('"terminating":true'),
    )
    await server.request('PATCH', `${core}/services/web`, { spec: { selector: { app: 'nobody' } } }, merge)
    await eventually(async () => objectsAt((await slices())[0], 'endpoints').length === 0)
    await server.request('DELETE', `${core}/services/web`)
    await eventually(async () => (await slices()).length === 0)
    expect((await list(`${core}/endpoints`)).map(nameOf)).toEqual([])
  })
})

describe('garbage collection', () => {
  const owned = (name: string, owner: JsonObject, extra: JsonObject = {}): JsonObject => ({
    metadata: {
      name,
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: nameOf(owner),
          uid: textAt(owner, 'metadata', 'uid'),
          ...extra,
        },
      ],
    },
  })

  it('takes chains of what nobody owns any more', async () => {
    const a = await create(`${core}/configmaps`, { metadata: { name: 'a' } })
    const b = await create(`${core}/configmaps`, owned('b', a))
    await create(`${core}/secrets`, owned('c', b))
    await server.request('DELETE', `${core}/configmaps/a`)
    await eventually(
      async () => (await list(`${core}/secrets`)).length + (await list(`${core}/configmaps`)).length === 0,
    )
  })

  it('takes what claims an owner that never was', async () => {
    await create(`${core}/configmaps`, owned('x', { metadata: { name: 'ghost', uid: 'ghost' } }))
    await eventually(async () => (await list(`${core}/configmaps`)).length === 0)
  })

  it('keeps what has another owner', async () => {
    const a = await create(`${core}/configmaps`, { metadata: { name: 'a' } })
    const b = await create(`${core}/configmaps`, { metadata: { name: 'b' } })
    const both = owned('x', a)
    objectsAt(both, 'metadata', 'ownerReferences').length
    const references = [
      ...objectsAt(both, 'metadata', 'ownerReferences'),
      ...objectsAt(owned('x', b), 'metadata', 'ownerReferences'),
    ]
    await create(`${core}/configmaps`, { metadata: { name: 'x', ownerReferences: references } })
    await server.request('DELETE', `${core}/configmaps/a`)
    await eventually(
      async () =>
        objectsAt((await server.request('GET', `${core}/configmaps/x`)).body, 'metadata', 'ownerReferences')
          .length === 1,
    )
  })

  it('waits in the foreground for dependents that block, whose finalizers count', async () => {
    const a = await create(`${core}/configmaps`, { metadata: { name: 'a' } })
    const blocked = owned('x', a, { blockOwnerDeletion: true })
    await create(`${core}/configmaps`, {
      metadata: { ...(blocked.metadata as JsonObject), finalizers: ['test/hold'] },
    })
    await server.request('DELETE', `${core}/configmaps/a`, { propagationPolicy: 'Foreground' })
    await eventually(
      async () =>
        textAt(
          (await server.request('GET', `${core}/configmaps/x`)).body,
          'metadata',
          'deletionTimestamp',
        ) !== '',
    )
    expect((await server.request('GET', `${core}/configmaps/a`)).code).toBe(200)
    await server.request('PATCH', `${core}/configmaps/x`, { metadata: { finalizers: null } }, merge)
    await eventually(async () => (await server.request('GET', `${core}/configmaps/a`)).code === 404)
  })
})

describe('namespaces', () => {
  it('get their default account, also again', async () => {
    await create('/api/v1/namespaces', { metadata: { name: 'n' } })
    const path = '/api/v1/namespaces/n/serviceaccounts'
    await eventually(async () => (await list(path)).map(nameOf).join() === 'default')
    await server.request('DELETE', `${path}/default`)
    await eventually(async () => (await list(path)).map(nameOf).join() === 'default')
  })

  it('go after their contents, and take nothing new', async () => {
    await create('/api/v1/namespaces', { metadata: { name: 'n' } })
    await create('/api/v1/namespaces/n/configmaps', { metadata: { name: 'held', finalizers: ['test/hold'] } })
    await server.request('DELETE', '/api/v1/namespaces/n')
    await eventually(
      async () =>
        textAt((await list('/api/v1/namespaces/n/configmaps'))[0], 'metadata', 'deletionTimestamp') !== '',
    )
    expect(
      await server.request('POST', '/api/v1/namespaces/n/configmaps', { metadata: { name: 'new' } }),
    ).toMatchObject({
      code: 403,
      body: { details: { causes: [{ reason: 'NamespaceTerminating' }] } },
    })
    await server.request(
      'PATCH',
      '/api/v1/namespaces/n/configmaps/held',
      { metadata: { finalizers: null } },
      merge,
    )
    await eventually(async () => (await server.request('GET', '/api/v1/namespaces/n')).code === 404)
  })
})
