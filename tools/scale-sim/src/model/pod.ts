import { nodeAddress, nodeName, nodeOfPod, podAddress } from './addresses.ts'
import {
  appName,
  appOfReplicaSet,
  namespaceOfApp,
  replicaSetName,
  replicaSetOfPod,
  templateHash,
} from './app.ts'
import { podManagedFields } from './managed-fields.ts'
import { createdAt, digestOf, type Json, type JsonObject, type ModelObject, uidOf } from './object.ts'
import type { ClusterShape } from './shape.ts'

export const podPort = 8080

export function podName(shape: ClusterShape, pod: number): string {
  return `${replicaSetName(shape, replicaSetOfPod(pod))}-${(1_000_000 + pod).toString(36)}`
}

export function podNamespace(shape: ClusterShape, pod: number): string {
  return namespaceOfApp(shape, appOfReplicaSet(shape, replicaSetOfPod(pod)))
}

/** A running pod. `pod` may be beyond the cluster's own ones: then it is one that comes and goes. */
export function podObject(shape: ClusterShape, pod: number): ModelObject {
  const replicaSet = replicaSetOfPod(pod)
  const app = appName(appOfReplicaSet(shape, replicaSet))
  const owner = replicaSetName(shape, replicaSet)
  const node = nodeOfPod(shape, pod)
  const image = `registry.example.com/${app}/server:v1.2.3`
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(shape, pod),
      generateName: `${owner}-`,
      namespace: podNamespace(shape, pod),
      uid: uidOf('Pod', pod),
      resourceVersion: '',
      generation: 1,
      creationTimestamp: createdAt,
      labels: { app, 'pod-template-hash': templateHash(replicaSet) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: owner,
          uid: uidOf('ReplicaSet', replicaSet),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: podManagedFields(podAddress(shape, pod)),
    },
    spec: {
      containers: [{ ...container, image }],
      ...specCommon,
      serviceAccountName: app,
      serviceAccount: app,
      nodeName: nodeName(node),
    },
    status: {
      phase: 'Running',
      conditions: podConditions,
      hostIP: nodeAddress(node),
      hostIPs: [{ ip: nodeAddress(node) }],
      podIP: podAddress(shape, pod),
      podIPs: [{ ip: podAddress(shape, pod) }],
      startTime: createdAt,
      containerStatuses: [
        {
          name: 'server',
          state: running,
          lastState: {},
          ready: true,
          restartCount: 0,
          image,
          imageID: `${image}@sha256:${digestOf(image)}`,
          containerID: `containerd://${digestOf(`container ${pod}`)}`,
          started: true,
        },
      ],
      qosClass: 'Burstable',
    },
  }
}

const probe: JsonObject = {
  httpGet: { path: '/healthz', port: podPort, scheme: 'HTTP' },
  initialDelaySeconds: 20,
  timeoutSeconds: 1,
  periodSeconds: 15,
  successThreshold: 1,
  failureThreshold: 3,
}

const container: JsonObject = {
  name: 'server',
  ports: [{ name: 'http', containerPort: podPort, protocol: 'TCP' }],
  env: [
    { name: 'PORT', value: String(podPort) },
    { name: 'DISABLE_PROFILER', value: '1' },
  ],
  resources: {
    limits: { cpu: '300m', memory: '300Mi' },
    requests: { cpu: '200m', memory: '180Mi' },
  },
  livenessProbe: probe,
  readinessProbe: probe,
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
  securityContext: {
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
  },
}

const specCommon: JsonObject = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 5,
  dnsPolicy: 'ClusterFirst',
  securityContext: { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true, fsGroup: 1000 },
  schedulerName: 'default-scheduler',
  tolerations: ['not-ready', 'unreachable'].map((taint) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  })),
  priority: 0,
  enableServiceLinks: true,
  preemptionPolicy: 'PreemptLowerPriority',
}

const podConditions: Json[] = [
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
].map((type) => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: createdAt }))

const running: JsonObject = { running: { startedAt: createdAt } }
