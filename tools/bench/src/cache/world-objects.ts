import { createHash } from 'node:crypto'
import type { KubeObject } from '@axoneme/sandbox'
import type { World, WorldService } from './world.ts'

/** Objects of the apiserver by its collections (`group/plural`), with what a real cluster's objects carry along. */
export function* worldObjects(
  world: World,
  own: { name: string; address: string },
): Generator<{ collection: string; object: KubeObject }> {
  for (const namespace of world.namespaces) {
    const labels = { 'kubernetes.io/metadata.name': namespace, team: namespace.split('-')[1] ?? '' }
    yield {
      collection: '/namespaces',
      object: {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: metadataOf({ name: namespace, labels }),
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      },
    }
  }
  yield { collection: '/nodes', object: nodeObject(own.name, own.address, world.ownPodCidr) }
  for (const { name, internalIp, podCidrs } of world.nodes()) {
    yield { collection: '/nodes', object: nodeObject(name, internalIp, podCidrs[0] ?? '') }
    yield { collection: 'coordination.k8s.io/leases', object: leaseObject(name) }
  }
  for (const service of world.services()) {
    yield { collection: '/services', object: serviceObject(service) }
    yield { collection: 'discovery.k8s.io/endpointslices', object: sliceObject(service) }
  }
}

function nodeObject(name: string, address: string, podCidr: string): KubeObject {
  const now = '2026-01-01T00:00:00Z'
  const condition = (type: string, status: string) => ({
    ...{ type, status, reason: `Kubelet${type}`, message: `kubelet says ${type}` },
    ...{ lastHeartbeatTime: now, lastTransitionTime: now },
  })
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: metadataOf({ name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } }),
    spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      capacity: { cpu: '16', memory: '64Gi', pods: '110' },
      conditions: [
        condition('MemoryPressure', 'False'),
        condition('DiskPressure', 'False'),
        condition('PIDPressure', 'False'),
        condition('Ready', 'True'),
      ],
    },
  }
}

function leaseObject(name: string): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: metadataOf({ name, namespace: 'kube-node-lease' }),
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' },
  }
}

function serviceObject({ namespace, name, clusterIp, port, targetPort }: WorldService): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...metadataOf({ namespace, name, labels: appLabels(name) }),
      managedFields: managedFields('v1'),
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      selector: { 'app.kubernetes.io/name': name },
      ports: [{ name: 'http', protocol: 'TCP', port, targetPort }],
    },
    status: { loadBalancer: {} },
  }
}

function sliceObject({ namespace, name, targetPort, backends }: WorldService): KubeObject {
  const labels = {
    ...appLabels(name),
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    'kubernetes.io/service-name': name,
  }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...metadataOf({ namespace, name: `${name}-x5k2p`, labels }),
      generateName: `${name}-`,
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Service', name, uid: uidOf(namespace, name), controller: true },
      ],
      managedFields: managedFields('discovery.k8s.io/v1'),
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: targetPort }],
    endpoints: backends.map(({ ip, nodeName, namespace, name }) => ({
      addresses: [ip],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName,
      zone: 'eu-west-1a',
      targetRef: { kind: 'Pod', namespace, name, uid: uidOf(namespace, name) },
    })),
  }
}

function appLabels(name: string): Record<string, string> {
  return {
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/instance': name,
    'app.kubernetes.io/managed-by': 'Helm',
    'helm.sh/chart': 'app-1.2.3',
  }
}

function metadataOf({
  namespace,
  name,
  labels = {},
}: {
  namespace?: string
  name: string
  labels?: Record<string, string>
}) {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid: uidOf(namespace ?? '', name),
    resourceVersion: '0',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels,
  }
}

function managedFields(apiVersion: string): NonNullable<KubeObject['metadata']['managedFields']> {
  const fieldsV1 = {
    'f:metadata': { 'f:labels': { '.': {}, 'f:app.kubernetes.io/name': {}, 'f:helm.sh/chart': {} } },
    'f:spec': { 'f:internalTrafficPolicy': {}, 'f:ports': { '.': {} }, 'f:selector': {}, 'f:type': {} },
  }
  const time = '2026-01-01T00:00:00Z'
  return [{ manager: 'helm', operation: 'Update', apiVersion, time, fieldsType: 'FieldsV1', fieldsV1 }]
}

function uidOf(namespace: string, name: string): string {
  const hex = createHash('md5').update(`${namespace}/${name}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
