import { nodeName, nodeOfPod, podAddress, serviceAddress } from './addresses.ts'
import { appName, appOfReplicaSet, namespaceOfApp, templateHash } from './app.ts'
import { serviceManagedFields, sliceManagedFields } from './managed-fields.ts'
import { createdAt, type ModelObject, uidOf } from './object.ts'
import { podName, podPort } from './pod.ts'
import { backendsPerService, type ClusterShape } from './shape.ts'

const servicePort = 80

/** The ReplicaSet behind a service. Where there are more services than ReplicaSets, several have the same. */
function replicaSetOfService(shape: ClusterShape, service: number): number {
  const whole = Math.max(1, Math.floor(shape.pods / backendsPerService))
  return service % whole
}

function serviceName(service: number): string {
  return `service-${String(service).padStart(5, '0')}`
}

export function serviceObject(shape: ClusterShape, service: number): ModelObject {
  const replicaSet = replicaSetOfService(shape, service)
  const appIndex = appOfReplicaSet(shape, replicaSet)
  const app = appName(appIndex)
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: serviceName(service),
      namespace: namespaceOfApp(shape, appIndex),
      uid: uidOf('Service', service),
      resourceVersion: '',
      creationTimestamp: createdAt,
      labels: { app },
      managedFields: serviceManagedFields,
    },
    spec: {
      ports: [{ name: 'http', protocol: 'TCP', port: servicePort, targetPort: 'http' }],
      selector: { app, 'pod-template-hash': templateHash(replicaSet) },
      clusterIP: serviceAddress(service),
      clusterIPs: [serviceAddress(service)],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    },
    status: { loadBalancer: {} },
  }
}

/** The only slice of a service, as the EndpointSlice controller writes it. */
export function endpointSliceObject(shape: ClusterShape, service: number): ModelObject {
  const replicaSet = replicaSetOfService(shape, service)
  const appIndex = appOfReplicaSet(shape, replicaSet)
  const namespace = namespaceOfApp(shape, appIndex)
  const name = serviceName(service)
  const pods = Array.from({ length: backendsPerService }, (_, i) => replicaSet * backendsPerService + i)
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${(100_000 + service).toString(36)}`,
      generateName: `${name}-`,
      namespace,
      uid: uidOf('EndpointSlice', service),
      resourceVersion: '',
      generation: 2,
      creationTimestamp: createdAt,
      labels: {
        app: appName(appIndex),
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': name,
      },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': createdAt },
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Service',
          name,
          uid: uidOf('Service', service),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: sliceManagedFields,
    },
    addressType: 'IPv4',
    endpoints: pods
      .filter((pod) => pod < shape.pods)
      .map((pod) => ({
        addresses: [podAddress(shape, pod)],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace, name: podName(shape, pod), uid: uidOf('Pod', pod) },
        nodeName: nodeName(nodeOfPod(shape, pod)),
        zone: 'europe-west1-b',
      })),
    ports: [{ name: 'http', protocol: 'TCP', port: podPort }],
  }
}
