/**
 * The protobuf messages of the built-in kinds that are served in that form: `message field:number:type ...`, indented
 * lines go on. `[]` is a repeated field, `{}` a map from strings. Numbers are those of k8s.io/api (generated.proto);
 * messages that nobody here reads are left out, and so are the fields that have them. discovery/v1's EndpointPort is
 * SlicePort, to keep it apart from core/v1's.
 */
const table = `
# meta/v1
LabelSelector matchLabels:1:{}string matchExpressions:2:[]LabelSelectorRequirement
LabelSelectorRequirement key:1:string operator:2:string values:3:[]string
ListMeta selfLink:1:string resourceVersion:2:string continue:3:string remainingItemCount:4:int64
ObjectMeta name:1:string generateName:2:string namespace:3:string selfLink:4:string uid:5:string
  resourceVersion:6:string generation:7:int64 creationTimestamp:8:Time deletionTimestamp:9:Time
  deletionGracePeriodSeconds:10:int64 labels:11:{}string annotations:12:{}string
  ownerReferences:13:[]OwnerReference finalizers:14:[]string
OwnerReference kind:1:string name:3:string uid:4:string apiVersion:5:string controller:6:bool
  blockOwnerDeletion:7:bool
Status metadata:1:ListMeta status:2:string message:3:string reason:4:string details:5:StatusDetails
  code:6:int32
StatusDetails name:1:string group:2:string kind:3:string retryAfterSeconds:5:int32 uid:6:string
# core/v1
ClientIPConfig timeoutSeconds:1:int32
ConfigMap metadata:1:ObjectMeta data:2:{}string binaryData:3:{}bytes immutable:4:bool
Container name:1:string image:2:string command:3:[]string args:4:[]string workingDir:5:string
  ports:6:[]ContainerPort terminationMessagePath:13:string imagePullPolicy:14:string stdin:16:bool
  stdinOnce:17:bool tty:18:bool terminationMessagePolicy:20:string restartPolicy:24:string
ContainerPort name:1:string hostPort:2:int32 containerPort:3:int32 protocol:4:string hostIP:5:string
EndpointAddress ip:1:string hostname:3:string nodeName:4:string
EndpointPort name:1:string port:2:int32 protocol:3:string appProtocol:4:string
EndpointSubset addresses:1:[]EndpointAddress notReadyAddresses:2:[]EndpointAddress
  ports:3:[]EndpointPort
Endpoints metadata:1:ObjectMeta subsets:2:[]EndpointSubset
HostIP ip:1:string
LoadBalancerIngress ip:1:string hostname:2:string ipMode:3:string
LoadBalancerStatus ingress:1:[]LoadBalancerIngress
Namespace metadata:1:ObjectMeta
Node metadata:1:ObjectMeta spec:2:NodeSpec status:3:NodeStatus
NodeAddress type:1:string address:2:string
NodeCondition type:1:string status:2:string lastHeartbeatTime:3:Time lastTransitionTime:4:Time
  reason:5:string message:6:string
NodeSpec podCIDR:1:string externalID:2:string providerID:3:string unschedulable:4:bool taints:5:[]Taint
  podCIDRs:7:[]string
NodeStatus capacity:1:{}Quantity allocatable:2:{}Quantity phase:3:string conditions:4:[]NodeCondition
  addresses:5:[]NodeAddress volumesInUse:9:[]string declaredFeatures:14:[]string
Pod metadata:1:ObjectMeta spec:2:PodSpec status:3:PodStatus
PodCondition type:1:string status:2:string lastProbeTime:3:Time lastTransitionTime:4:Time
  reason:5:string message:6:string observedGeneration:7:int64
PodIP ip:1:string
PodSpec containers:2:[]Container restartPolicy:3:string terminationGracePeriodSeconds:4:int64
  activeDeadlineSeconds:5:int64 dnsPolicy:6:string nodeSelector:7:{}string serviceAccountName:8:string
  serviceAccount:9:string nodeName:10:string hostNetwork:11:bool hostPID:12:bool hostIPC:13:bool
  hostname:16:string subdomain:17:string schedulerName:19:string initContainers:20:[]Container
  automountServiceAccountToken:21:bool priorityClassName:24:string priority:25:int32
  shareProcessNamespace:27:bool runtimeClassName:29:string enableServiceLinks:30:bool
  preemptionPolicy:31:string overhead:32:{}Quantity setHostnameAsFQDN:35:bool hostUsers:37:bool
  hostnameOverride:41:string
PodStatus phase:1:string conditions:2:[]PodCondition message:3:string reason:4:string hostIP:5:string
  podIP:6:string startTime:7:Time qosClass:9:string nominatedNodeName:11:string podIPs:12:[]PodIP
  resize:14:string hostIPs:16:[]HostIP observedGeneration:17:int64 allocatedResources:19:{}Quantity
Secret metadata:1:ObjectMeta data:2:{}bytes type:3:string stringData:4:{}string immutable:5:bool
Service metadata:1:ObjectMeta spec:2:ServiceSpec status:3:ServiceStatus
ServicePort name:1:string protocol:2:string port:3:int32 targetPort:4:IntOrString nodePort:5:int32
  appProtocol:6:string
ServiceSpec ports:1:[]ServicePort selector:2:{}string clusterIP:3:string type:4:string
  externalIPs:5:[]string sessionAffinity:7:string loadBalancerIP:8:string
  loadBalancerSourceRanges:9:[]string externalName:10:string externalTrafficPolicy:11:string
  healthCheckNodePort:12:int32 publishNotReadyAddresses:13:bool
  sessionAffinityConfig:14:SessionAffinityConfig ipFamilyPolicy:17:string clusterIPs:18:[]string
  ipFamilies:19:[]string allocateLoadBalancerNodePorts:20:bool loadBalancerClass:21:string
  internalTrafficPolicy:22:string trafficDistribution:23:string
ServiceStatus loadBalancer:1:LoadBalancerStatus
SessionAffinityConfig clientIP:1:ClientIPConfig
Taint key:1:string value:2:string effect:3:string timeAdded:4:Time
# networking/v1
IPBlock cidr:1:string except:2:[]string
NetworkPolicy metadata:1:ObjectMeta spec:2:NetworkPolicySpec
NetworkPolicyEgressRule ports:1:[]NetworkPolicyPort to:2:[]NetworkPolicyPeer
NetworkPolicyIngressRule ports:1:[]NetworkPolicyPort from:2:[]NetworkPolicyPeer
NetworkPolicyPeer podSelector:1:LabelSelector namespaceSelector:2:LabelSelector ipBlock:3:IPBlock
NetworkPolicyPort protocol:1:string port:2:IntOrString endPort:3:int32
NetworkPolicySpec podSelector:1:LabelSelector ingress:2:[]NetworkPolicyIngressRule
  egress:3:[]NetworkPolicyEgressRule policyTypes:4:[]string
# discovery/v1
Endpoint addresses:1:[]string conditions:2:EndpointConditions hostname:3:string
  deprecatedTopology:5:{}string nodeName:6:string zone:7:string hints:8:EndpointHints
EndpointConditions ready:1:bool serving:2:bool terminating:3:bool
EndpointHints forZones:1:[]ForZone forNodes:2:[]ForNode
SlicePort name:1:string protocol:2:string port:3:int32 appProtocol:4:string
EndpointSlice metadata:1:ObjectMeta endpoints:2:[]Endpoint ports:3:[]SlicePort addressType:4:string
ForNode name:1:string
ForZone name:1:string
# coordination/v1
Lease metadata:1:ObjectMeta spec:2:LeaseSpec
LeaseSpec holderIdentity:1:string leaseDurationSeconds:2:int32 acquireTime:3:Time renewTime:4:Time
  leaseTransitions:5:int32 strategy:6:string preferredHolder:7:string
`

export type FieldEncoding = Readonly<{
  name: string
  number: number
  type: string
  shape: 'single' | 'list' | 'map'
}>

function parseTable(): Map<string, readonly FieldEncoding[]> {
  const lines = table
    .replace(/\n {2}/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [message = '', ...fields] = line.split(' ')
      return [message, fields.map(parseField)]
    }),
  )
}

function parseField(text: string): FieldEncoding {
  const [name = '', number = '', type = ''] = text.split(':')
  const shape = type.startsWith('[]') ? 'list' : type.startsWith('{}') ? 'map' : 'single'
  return { name, number: Number(number), type: shape === 'single' ? type : type.slice(2), shape }
}

const messages: ReadonlyMap<string, readonly FieldEncoding[]> = parseTable()

/** The fields of a message in the order of their numbers; undefined for a message that is not known. */
export function messageFields(message: string): readonly FieldEncoding[] | undefined {
  return messages.get(message)
}
