import type { ResourceVersion } from './resource-version.ts'

/** Labels or annotations; keys and values are interned strings. */
export type Labels = Readonly<Record<string, string>>

export type SlimMeta = Readonly<{
  name: string
  /** Empty for cluster-scoped objects. */
  namespace: string
  uid: string
  resourceVersion: ResourceVersion
  labels: Labels
}>

export type SlimContainerPort = Readonly<{ name: string; port: number; protocol: string }>

export type SlimPod = SlimMeta &
  Readonly<{
    nodeName: string
    serviceAccount: string
    hostNetwork: boolean
    phase: string
    hostIP: string
    /** In canonical spelling. */
    podIPs: readonly string[]
    /** Of the containers, then of the init containers that keep running. */
    ports: readonly SlimContainerPort[]
    /** True once deletion was asked for (a deletionTimestamp is set). */
    deleting: boolean
  }>

export type SlimNodeAddress = Readonly<{ type: string; address: string }>

export type SlimNode = SlimMeta &
  Readonly<{
    addresses: readonly SlimNodeAddress[]
    podCIDRs: readonly string[]
    taints: readonly Readonly<{ key: string; value: string; effect: string }>[]
    unschedulable: boolean
    /** The status of the condition NetworkUnavailable; empty without one. */
    networkUnavailable: string
  }>

export type SlimNamespace = SlimMeta

export type SlimServicePort = Readonly<{
  name: string
  protocol: string
  port: number
  /** Number, or the name of a container port. */
  targetPort: number | string
  nodePort: number
}>

export type SlimService = SlimMeta &
  Readonly<{
    type: string
    /** `None` for a headless service, as in the API. */
    clusterIPs: readonly string[]
    externalIPs: readonly string[]
    /** Those of the mode VIP: traffic to them that reaches a node is served there. */
    loadBalancerIPs: readonly string[]
    ports: readonly SlimServicePort[]
    selector: Labels
    sessionAffinity: string
    sessionAffinityTimeoutSeconds: number
    internalTrafficPolicy: string
    externalTrafficPolicy: string
  }>

export type SlimSliceEndpoint = Readonly<{
  /** The first of its addresses, which the API calls interchangeable; empty when there is none. */
  address: string
  /** The API's defaults are applied: unknown readiness counts as ready. */
  ready: boolean
  serving: boolean
  terminating: boolean
  nodeName: string
}>

/** Of the labels only `serviceName` is kept; `labels` is empty. */
export type SlimEndpointSlice = SlimMeta &
  Readonly<{
    /** The label kubernetes.io/service-name. */
    serviceName: string
    addressType: string
    endpoints: readonly SlimSliceEndpoint[]
    ports: readonly Readonly<{ name: string; protocol: string; port: number }>[]
  }>

export type SlimLabelSelectorRequirement = Readonly<{
  key: string
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  values: readonly string[]
}>

export type SlimLabelSelector = Readonly<{
  matchLabels: Labels
  matchExpressions: readonly SlimLabelSelectorRequirement[]
}>

export type SlimNetworkPolicyPeer = Readonly<{
  podSelector?: SlimLabelSelector
  namespaceSelector?: SlimLabelSelector
  ipBlock?: Readonly<{ cidr: string; except: readonly string[] }>
}>

export type SlimNetworkPolicyPort = Readonly<{
  protocol: string
  /** Absent: every port. A string names a container port. */
  port?: number | string
  endPort?: number
}>

/** `peers` empty: any peer; `ports` empty: any port (the API's meaning). */
export type SlimNetworkPolicyRule = Readonly<{
  peers: readonly SlimNetworkPolicyPeer[]
  ports: readonly SlimNetworkPolicyPort[]
}>

export type SlimNetworkPolicy = SlimMeta &
  Readonly<{
    podSelector: SlimLabelSelector
    /** The API's default is applied: Ingress always unless stated, Egress when egress rules exist. */
    policyTypes: readonly ('Ingress' | 'Egress')[]
    ingress: readonly SlimNetworkPolicyRule[]
    egress: readonly SlimNetworkPolicyRule[]
  }>

/** The fields of a cilium.io/v2 CiliumNode that are acted on. */
export type SlimCiliumNode = SlimMeta &
  Readonly<{
    addresses: readonly SlimNodeAddress[]
    podCIDRs: readonly string[]
    /** Index of the key that traffic to the node is encrypted with; 0: not encrypted. */
    encryptionKey: number
  }>

/** The fields of a cilium.io/v2 CiliumEndpoint that are acted on. There are as many as pods: labels are not kept. */
export type SlimCiliumEndpoint = Omit<SlimMeta, 'labels'> &
  Readonly<{
    /** It belongs to something that is no pod. */
    isOwnedByOther: boolean
  }>

/** A cilium.io/v2 CiliumIdentity. Its name is the number of the identity. */
export type SlimCiliumIdentity = SlimMeta &
  Readonly<{
    /** With their sources, e.g. `k8s:app`. */
    securityLabels: Labels
  }>

/** A cilium.io/v2 CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy. */
export type SlimCiliumPolicy = SlimMeta &
  Readonly<{
    /** Its `spec`, then those of `specs`, as they are: to understand them is up to the parser of policies. */
    specs: readonly Readonly<Record<string, unknown>>[]
  }>

/** `namespace/name`, or the name alone for cluster-scoped objects: the key of every slim row. */
export function objectKey(meta: Readonly<{ namespace: string; name: string }>): string {
  // Joined at once: a template would leave the halves in memory, and the rope that ties them.
  return meta.namespace === '' ? meta.name : [meta.namespace, meta.name].join('/')
}

/** Whether `objectKey` gives `key`, which is not made for that. */
export function hasObjectKey(meta: Readonly<{ namespace: string; name: string }>, key: string): boolean {
  const { namespace, name } = meta
  if (namespace === '') return key === name
  return (
    key.length === namespace.length + 1 + name.length &&
    key.endsWith(name) &&
    key.startsWith(namespace) &&
    key[namespace.length] === '/'
  )
}
