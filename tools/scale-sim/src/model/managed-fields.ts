import { createdAt, type JsonObject, type ManagedFields } from './object.ts'

/**
 * Who set which field, as the apiserver notes it: a third of an object's bytes, and nothing that an agent needs. What
 * is equal in many objects is one value here.
 */

/** `['a', 'b']` -> `{f:a: {}, f:b: {}}`. */
function fields(names: readonly string[], parent: JsonObject = {}): JsonObject {
  return Object.fromEntries([
    ...Object.entries(parent),
    ...names.map((name): [string, JsonObject] => [`f:${name}`, {}]),
  ])
}

function keyed(key: string, values: readonly string[], names: readonly string[]): JsonObject {
  return Object.fromEntries([
    ['.', {}],
    ...values.map((value): [string, JsonObject] => [
      `k:{"${key}":"${value}"}`,
      fields([...names, key], { '.': {} }),
    ]),
  ])
}

function update(manager: string, fieldsV1: JsonObject, more: Partial<ManagedFields> = {}): ManagedFields {
  return {
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time: createdAt,
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...more,
  }
}

const nodeMetadata: JsonObject = {
  'f:annotations': fields(
    [
      'container.googleapis.com/instance_id',
      'node.alpha.kubernetes.io/ttl',
      'volumes.kubernetes.io/controller-managed-attach-detach',
    ],
    { '.': {} },
  ),
  'f:labels': fields(
    [
      'beta.kubernetes.io/arch',
      'beta.kubernetes.io/os',
      'cloud.google.com/gke-nodepool',
      'failure-domain.beta.kubernetes.io/region',
      'failure-domain.beta.kubernetes.io/zone',
      'kubernetes.io/arch',
      'kubernetes.io/hostname',
      'kubernetes.io/os',
      'node.kubernetes.io/instance-type',
      'topology.kubernetes.io/region',
      'topology.kubernetes.io/zone',
    ],
    { '.': {} },
  ),
}

const nodeConditions = [
  'CorruptDockerOverlay2',
  'DiskPressure',
  'FrequentUnregisterNetDevice',
  'KernelDeadlock',
  'MemoryPressure',
  'NetworkUnavailable',
  'PIDPressure',
  'ReadonlyFilesystem',
  'Ready',
]

const nodeStatus = update(
  'kubelet',
  {
    'f:status': {
      'f:addresses': keyed('type', ['Hostname', 'InternalIP'], ['address']),
      'f:allocatable': fields(['cpu', 'ephemeral-storage', 'memory', 'pods'], { '.': {} }),
      'f:capacity': fields(['cpu', 'ephemeral-storage', 'memory', 'pods'], { '.': {} }),
      'f:conditions': keyed('type', nodeConditions, [
        'lastHeartbeatTime',
        'lastTransitionTime',
        'message',
        'reason',
        'status',
      ]),
      'f:daemonEndpoints': { 'f:kubeletEndpoint': fields(['Port']) },
      'f:images': {},
      'f:nodeInfo': fields([
        'architecture',
        'bootID',
        'containerRuntimeVersion',
        'kernelVersion',
        'kubeProxyVersion',
        'kubeletVersion',
        'machineID',
        'operatingSystem',
        'osImage',
        'systemUUID',
      ]),
    },
  },
  { subresource: 'status' },
)

export function nodeManagedFields(podCidr: string): ManagedFields[] {
  const spec = fields(['podCIDR', 'providerID'], { 'f:podCIDRs': { '.': {}, [`v:"${podCidr}"`]: {} } })
  return [update('kubelet', { 'f:metadata': nodeMetadata, 'f:spec': spec }), nodeStatus]
}

const container = fields(
  [
    'image',
    'imagePullPolicy',
    'name',
    'terminationMessagePath',
    'terminationMessagePolicy',
    'ports',
    'readinessProbe',
    'livenessProbe',
  ],
  {
    '.': {},
    'f:env': keyed('name', ['PORT', 'DISABLE_PROFILER'], ['value']),
    'f:resources': {
      '.': {},
      'f:limits': fields(['cpu', 'memory'], { '.': {} }),
      'f:requests': fields(['cpu', 'memory'], { '.': {} }),
    },
    'f:securityContext': fields(['allowPrivilegeEscalation', 'privileged', 'readOnlyRootFilesystem'], {
      '.': {},
      'f:capabilities': fields(['drop'], { '.': {} }),
    }),
  },
)

const podTemplate: JsonObject = {
  'f:metadata': {
    'f:generateName': {},
    'f:labels': fields(['app', 'pod-template-hash'], { '.': {} }),
    'f:ownerReferences': { '.': {} },
  },
  'f:spec': {
    'f:containers': { 'k:{"name":"server"}': container },
    ...fields([
      'dnsPolicy',
      'enableServiceLinks',
      'restartPolicy',
      'schedulerName',
      'securityContext',
      'serviceAccount',
      'serviceAccountName',
      'terminationGracePeriodSeconds',
    ]),
  },
}

const podConditions = keyed(
  'type',
  ['ContainersReady', 'Initialized', 'PodReadyToStartContainers', 'Ready'],
  ['lastProbeTime', 'lastTransitionTime', 'status'],
)

export function podManagedFields(podIp: string): ManagedFields[] {
  const status: JsonObject = {
    'f:conditions': podConditions,
    ...fields(['containerStatuses', 'hostIP', 'hostIPs', 'phase', 'podIP', 'startTime']),
    'f:podIPs': keyed('ip', [podIp], []),
  }
  return [
    update('kube-controller-manager', podTemplate),
    update('kubelet', { 'f:status': status }, { subresource: 'status' }),
  ]
}

const serviceFields: JsonObject = {
  'f:metadata': { 'f:labels': fields(['app'], { '.': {} }) },
  'f:spec': {
    ...fields(['internalTrafficPolicy', 'selector', 'sessionAffinity', 'type']),
    'f:ports': {
      '.': {},
      'k:{"port":80,"protocol":"TCP"}': fields(['name', 'port', 'protocol', 'targetPort'], { '.': {} }),
    },
  },
}

export const serviceManagedFields: ManagedFields[] = [update('kubectl-client-side-apply', serviceFields)]

export const sliceManagedFields: ManagedFields[] = [
  update(
    'kube-controller-manager',
    {
      'f:addressType': {},
      'f:endpoints': {},
      'f:metadata': {
        'f:annotations': fields(['endpoints.kubernetes.io/last-change-trigger-time'], { '.': {} }),
        'f:generateName': {},
        'f:labels': fields(['app', 'endpointslice.kubernetes.io/managed-by', 'kubernetes.io/service-name'], {
          '.': {},
        }),
        'f:ownerReferences': { '.': {} },
      },
      'f:ports': {},
    },
    { apiVersion: 'discovery.k8s.io/v1' },
  ),
]
