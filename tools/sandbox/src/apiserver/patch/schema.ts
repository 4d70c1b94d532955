/** How patches treat one field of a built-in type (the `patchStrategy`, `patchMergeKey` and `listType` of its Go struct). */
export type FieldSchema = Readonly<{
  /** The type of the value, or of the list's elements, where it has fields named here. */
  type?: string
  /** The list is merged by this key of its elements; without it a patch replaces the list. */
  mergeKey?: string
  /** The keys that tell elements apart in server-side apply, where they are more than the merge key. */
  listKeys?: readonly string[]
  /** A list of plain values that is merged as a set. */
  isSet?: boolean
  /** `$retainKeys` is honoured: of a union, only the members named survive. */
  retainsKeys?: boolean
  /** Server-side apply owns the value as a whole. */
  isAtomic?: boolean
}>

type TypeSchema = Readonly<Record<string, FieldSchema>>

const meta: TypeSchema = { metadata: { type: 'ObjectMeta' } }
const conditions: FieldSchema = { mergeKey: 'type' }
const template: FieldSchema = { type: 'PodTemplateSpec' }
const selector: FieldSchema = { isAtomic: true }
const withStatus = (spec: string, status?: string): TypeSchema => ({
  ...meta,
  spec: { type: spec },
  ...(status === undefined ? {} : { status: { type: status } }),
})

const schemas: Readonly<Record<string, TypeSchema>> = {
  ObjectMeta: { ownerReferences: { mergeKey: 'uid' }, finalizers: { isSet: true } },

  Pod: withStatus('PodSpec', 'PodStatus'),
  PodTemplate: { ...meta, template },
  PodTemplateSpec: withStatus('PodSpec'),
  PodSpec: {
    containers: { mergeKey: 'name', type: 'Container' },
    initContainers: { mergeKey: 'name', type: 'Container' },
    ephemeralContainers: { mergeKey: 'name', type: 'Container' },
    volumes: { mergeKey: 'name', retainsKeys: true, type: 'Volume' },
    imagePullSecrets: { mergeKey: 'name' },
    hostAliases: { mergeKey: 'ip' },
    topologySpreadConstraints: { mergeKey: 'topologyKey', listKeys: ['topologyKey', 'whenUnsatisfiable'] },
    schedulingGates: { mergeKey: 'name' },
    resourceClaims: { mergeKey: 'name', retainsKeys: true },
    nodeSelector: { isAtomic: true },
    affinity: { type: 'Affinity' },
  },
  Container: {
    ports: { mergeKey: 'containerPort', listKeys: ['containerPort', 'protocol'] },
    env: { mergeKey: 'name' },
    volumeMounts: { mergeKey: 'mountPath' },
    volumeDevices: { mergeKey: 'devicePath' },
    resources: { type: 'ResourceRequirements' },
    lifecycle: { type: 'Lifecycle' },
  },
  ResourceRequirements: { claims: { mergeKey: 'name' } },
  Volume: { ephemeral: { type: 'EphemeralVolumeSource' } },
  EphemeralVolumeSource: { volumeClaimTemplate: { type: 'PersistentVolumeClaimTemplate' } },
  PodStatus: {
    conditions,
    podIPs: { mergeKey: 'ip' },
    hostIPs: { mergeKey: 'ip', isAtomic: true },
    resourceClaimStatuses: { mergeKey: 'name', retainsKeys: true },
  },

  Node: withStatus('NodeSpec', 'NodeStatus'),
  NodeSpec: { podCIDRs: { isSet: true } },
  NodeStatus: { addresses: { mergeKey: 'type' }, conditions },
  Namespace: withStatus('NamespaceSpec', 'NamespaceStatus'),
  NamespaceStatus: { conditions },
  Service: withStatus('ServiceSpec', 'ServiceStatus'),
  ServiceSpec: {
    ports: { mergeKey: 'port', listKeys: ['port', 'protocol'] },
    selector,
  },
  ServiceStatus: { conditions },
  Endpoints: meta,
  ConfigMap: meta,
  Secret: meta,
  ServiceAccount: { ...meta, secrets: { mergeKey: 'name' } },
  Event: meta,
  PersistentVolumeClaim: withStatus('PersistentVolumeClaimSpec', 'ConditionStatus'),
  PersistentVolume: meta,
  ResourceQuota: meta,
  LimitRange: meta,
  ConditionStatus: { conditions },

  Deployment: withStatus('DeploymentSpec', 'ConditionStatus'),
  DeploymentSpec: { template, selector, strategy: { retainsKeys: true } },
  ReplicaSet: withStatus('ReplicaSetSpec', 'ConditionStatus'),
  ReplicaSetSpec: { template, selector },
  StatefulSetSpec: { template, selector },
  DaemonSetSpec: { template, selector },
  JobSpec: { template, selector },
  StatefulSet: withStatus('StatefulSetSpec', 'ConditionStatus'),
  DaemonSet: withStatus('DaemonSetSpec', 'ConditionStatus'),
  ControllerRevision: meta,
  Job: withStatus('JobSpec', 'ConditionStatus'),
  CronJob: withStatus('CronJobSpec'),
  CronJobSpec: { jobTemplate: { type: 'JobTemplate' } },
  JobTemplate: withStatus('JobSpec'),

  HorizontalPodAutoscaler: withStatus('HorizontalPodAutoscalerSpec', 'ConditionStatus'),
  PodDisruptionBudget: withStatus('PodDisruptionBudgetSpec', 'ConditionStatus'),
  PodDisruptionBudgetSpec: { selector },
  NetworkPolicy: meta,
  Ingress: meta,
  IngressClass: meta,
  EndpointSlice: meta,
  Lease: meta,
  ClusterRole: meta,
  ClusterRoleBinding: meta,
  Role: meta,
  RoleBinding: meta,
  CustomResourceDefinition: withStatus('CustomResourceDefinitionSpec', 'ConditionStatus'),
  CustomResourceDefinitionSpec: {},
}

/** What is known of field `name` of `type`; nothing of fields that need no special treatment. */
export function fieldSchema(type: string | undefined, name: string): FieldSchema {
  if (type === undefined || !Object.hasOwn(schemas, type)) return {}
  const fields = schemas[type] ?? {}
  return Object.hasOwn(fields, name) ? (fields[name] ?? {}) : {}
}

/** Elements with these keys equal are the same element. */
export function keysOf(schema: FieldSchema): readonly string[] {
  return schema.listKeys ?? (schema.mergeKey === undefined ? [] : [schema.mergeKey])
}
