import { jsonMembers } from '../codec/messages.ts'

/** How patches treat one field of a built-in type (the `patchStrategy`, `patchMergeKey` and `listType` of its Go struct). */
export type FieldSchema = Readonly<{
  /** The type of the value, or of the list's elements, where it is a known one. */
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

type Rules = Readonly<Record<string, FieldSchema>>

/** The type of every custom resource. */
export const customType = 'custom.Resource'

const conditions: FieldSchema = { mergeKey: 'type' }
const selector: FieldSchema = { isAtomic: true }
const container: Rules = {
  ports: { mergeKey: 'containerPort', listKeys: ['containerPort', 'protocol'] },
  env: { mergeKey: 'name' },
  volumeMounts: { mergeKey: 'mountPath' },
  volumeDevices: { mergeKey: 'devicePath' },
}

/** Only fields that are not treated as their JSON type says: objects are merged, lists and values replaced. */
const rules: Readonly<Record<string, Rules>> = {
  /** Of custom resources only metadata is known. */
  [customType]: { metadata: { type: 'meta.ObjectMeta' } },
  'meta.ObjectMeta': { ownerReferences: { mergeKey: 'uid' }, finalizers: { isSet: true } },
  'core.PodSpec': {
    containers: { mergeKey: 'name' },
    initContainers: { mergeKey: 'name' },
    ephemeralContainers: { mergeKey: 'name' },
    volumes: { mergeKey: 'name', retainsKeys: true },
    imagePullSecrets: { mergeKey: 'name' },
    hostAliases: { mergeKey: 'ip' },
    topologySpreadConstraints: { mergeKey: 'topologyKey', listKeys: ['topologyKey', 'whenUnsatisfiable'] },
    schedulingGates: { mergeKey: 'name' },
    resourceClaims: { mergeKey: 'name', retainsKeys: true },
    nodeSelector: { isAtomic: true },
  },
  'core.Container': container,
  'core.EphemeralContainer': container,
  'core.ResourceRequirements': { claims: { mergeKey: 'name' } },
  'core.PodStatus': {
    conditions,
    podIPs: { mergeKey: 'ip' },
    hostIPs: { mergeKey: 'ip', isAtomic: true },
    resourceClaimStatuses: { mergeKey: 'name', retainsKeys: true },
  },
  'core.NodeSpec': { podCIDRs: { isSet: true } },
  'core.NodeStatus': { addresses: { mergeKey: 'type' }, conditions },
  'core.NamespaceStatus': { conditions },
  'core.ServiceSpec': { ports: { mergeKey: 'port', listKeys: ['port', 'protocol'] }, selector },
  'core.ServiceStatus': { conditions },
  'core.ServiceAccount': { secrets: { mergeKey: 'name' } },
  'core.PersistentVolumeClaimStatus': { conditions },
  'apps.DeploymentSpec': { selector, strategy: { retainsKeys: true } },
  'apps.DeploymentStatus': { conditions },
  'apps.ReplicaSetSpec': { selector },
  'apps.ReplicaSetStatus': { conditions },
  'apps.StatefulSetSpec': { selector },
  'apps.StatefulSetStatus': { conditions },
  'apps.DaemonSetSpec': { selector },
  'apps.DaemonSetStatus': { conditions },
  'batch.JobSpec': { selector },
  'batch.JobStatus': { conditions },
  'policy.PodDisruptionBudgetSpec': { selector: { isAtomic: true } },
  'policy.PodDisruptionBudgetStatus': { conditions },
}

/** What is known of field `name` of `type`; nothing of types that are not built in. */
export function fieldSchema(type: string | undefined, name: string): FieldSchema {
  if (type === undefined) return {}
  const member = jsonMembers(type)?.get(name)
  const own = Object.hasOwn(rules, type) ? rules[type] : undefined
  const rule = own !== undefined && Object.hasOwn(own, name) ? own[name] : undefined
  const isStructure = member !== undefined && member.shape !== 'map' && jsonMembers(member.type) !== undefined
  return { ...(isStructure ? { type: member.type } : {}), ...rule }
}

/** Elements with these keys equal are the same element. */
export function keysOf(schema: FieldSchema): readonly string[] {
  return schema.listKeys ?? (schema.mergeKey === undefined ? [] : [schema.mergeKey])
}
