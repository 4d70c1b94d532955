import { nodeAddress, nodeName, podCidr } from './addresses.ts'
import { nodeManagedFields } from './managed-fields.ts'
import { createdAt, digestOf, type Json, type JsonObject, type ModelObject, uidOf } from './object.ts'

const conditions: readonly (readonly [type: string, status: string, reason: string, message: string])[] = [
  ['KernelDeadlock', 'False', 'KernelHasNoDeadlock', 'kernel has no deadlock'],
  ['ReadonlyFilesystem', 'False', 'FilesystemIsNotReadOnly', 'Filesystem is not read-only'],
  ['CorruptDockerOverlay2', 'False', 'NoCorruptDockerOverlay2', 'docker overlay2 is functioning properly'],
  ['FrequentUnregisterNetDevice', 'False', 'NoFrequentUnregisterNetDevice', 'node is functioning properly'],
  ['NetworkUnavailable', 'False', 'RouteCreated', 'RouteController created a route'],
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status. AppArmor enabled'],
]

export function nodeLabels(index: number): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'cloud.google.com/gke-nodepool': 'pool-1',
    'failure-domain.beta.kubernetes.io/region': 'europe-west1',
    'failure-domain.beta.kubernetes.io/zone': 'europe-west1-b',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': nodeName(index),
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': 'n1-standard-4',
    'topology.kubernetes.io/region': 'europe-west1',
    'topology.kubernetes.io/zone': 'europe-west1-b',
  }
}

/** A node of a managed cluster with 50 images on it: 17 kB of JSON, of which an agent needs some 400 bytes. */
export function nodeObject(index: number): ModelObject {
  const name = nodeName(index)
  const cidr = podCidr(index)
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: uidOf('Node', index),
      resourceVersion: '',
      creationTimestamp: createdAt,
      labels: nodeLabels(index),
      annotations: {
        'container.googleapis.com/instance_id': String(3_849_138_227_771_600_000 + index),
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
      managedFields: nodeManagedFields(cidr),
    },
    spec: { podCIDR: cidr, podCIDRs: [cidr], providerID: `gce://proj/europe-west1-b/${name}` },
    status: {
      capacity,
      allocatable,
      conditions: conditionsAt(createdAt),
      addresses: [
        { type: 'InternalIP', address: nodeAddress(index) },
        { type: 'Hostname', address: name },
      ],
      daemonEndpoints,
      nodeInfo: {
        machineID: digestOf(`machine ${index}`).slice(0, 32),
        systemUUID: uidOf('Node', index),
        bootID: uidOf('Node', index),
        kernelVersion: '6.6.72+',
        osImage: 'Container-Optimized OS from Google',
        containerRuntimeVersion: 'containerd://1.7.24',
        kubeletVersion: 'v1.36.2',
        kubeProxyVersion: 'v1.36.2',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
      images,
    },
  }
}

/** The node after a status update of its kubelet that has nothing to say but that it lives. `at` is RFC 3339. */
export function withHeartbeat<Node extends JsonObject>(node: Node, at: string): Node {
  const status = node.status
  if (typeof status !== 'object' || status === null || Array.isArray(status)) return node
  return { ...node, status: { ...status, conditions: conditionsAt(at) } }
}

function conditionsAt(heartbeatAt: string): Json[] {
  return conditions.map(([type, status, reason, message]) => ({
    type,
    status,
    lastHeartbeatTime: heartbeatAt,
    lastTransitionTime: createdAt,
    reason,
    message,
  }))
}

const capacity: JsonObject = {
  cpu: '4',
  'ephemeral-storage': '98868448Ki',
  memory: '15397644Ki',
  pods: '110',
}
const allocatable: JsonObject = {
  cpu: '3920m',
  'ephemeral-storage': '47093746742',
  memory: '12698380Ki',
  pods: '110',
}
const daemonEndpoints: JsonObject = { kubeletEndpoint: { Port: 10_250 } }

/** A kubelet reports at most 50. */
const images: Json[] = Array.from({ length: 50 }, (_, i) => ({
  names: [
    `registry.example.com/project-${i}/service-${i}@sha256:${digestOf(`image ${i}`)}`,
    `registry.example.com/project-${i}/service-${i}:v1.2.3`,
  ],
  sizeBytes: 69_372_769 + i * 7_919_317,
}))
