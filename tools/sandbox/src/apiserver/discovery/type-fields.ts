import { type FieldSchema, fieldSchema } from '../patch/schema.ts'

/**
 * Every field of the types that hold lists which patches merge, a type a line: kubectl before 1.27 refuses a field
 * that the OpenAPI document does not have. It also follows fields that are not described only three levels down (and
 * crashes below that), so types that nest deeper are here as well.
 */
const table = `
ObjectMeta name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields
Pod apiVersion kind metadata spec status
PodTemplateSpec metadata spec
PodSpec volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity schedulerName tolerations hostAliases priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources hostnameOverride schedulingGroup
Container name image command args workingDir ports envFrom env resources resizePolicy restartPolicy restartPolicyRules volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty targetContainerName
Lifecycle postStart preStop stopSignal
Affinity nodeAffinity podAffinity podAntiAffinity
Volume name hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi glusterfs persistentVolumeClaim rbd flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume quobyte azureDisk photonPersistentDisk projected portworxVolume scaleIO storageos csi ephemeral image
EphemeralVolumeSource volumeClaimTemplate
PersistentVolumeClaimTemplate metadata spec
Node apiVersion kind metadata spec status
NodeSpec podCIDR podCIDRs providerID unschedulable taints configSource externalID
Service apiVersion kind metadata spec status
ServiceSpec ports selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses sessionAffinityConfig ipFamilies ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution
ServiceAccount apiVersion kind metadata secrets imagePullSecrets automountServiceAccountToken
Deployment apiVersion kind metadata spec status
DeploymentSpec replicas selector template strategy minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds
ReplicaSet apiVersion kind metadata spec status
ReplicaSetSpec replicas minReadySeconds selector template
StatefulSet apiVersion kind metadata spec status
StatefulSetSpec replicas selector template volumeClaimTemplates serviceName podManagementPolicy updateStrategy revisionHistoryLimit minReadySeconds persistentVolumeClaimRetentionPolicy ordinals
DaemonSet apiVersion kind metadata spec status
DaemonSetSpec selector template updateStrategy minReadySeconds revisionHistoryLimit
Job apiVersion kind metadata spec status
JobSpec parallelism completions activeDeadlineSeconds podFailurePolicy successPolicy backoffLimit backoffLimitPerIndex maxFailedIndexes selector manualSelector template ttlSecondsAfterFinished completionMode suspend podReplacementPolicy managedBy
CronJob apiVersion kind metadata spec status
CronJobSpec schedule timeZone startingDeadlineSeconds concurrencyPolicy suspend jobTemplate successfulJobsHistoryLimit failedJobsHistoryLimit
JobTemplate metadata spec
`

export type DescribedField = Readonly<{ name: string; schema: FieldSchema }>

const described: ReadonlyMap<string, readonly DescribedField[]> = new Map(
  table
    .trim()
    .split('\n')
    .map((line) => {
      const [type = '', ...names] = line.split(' ')
      return [type, names.map((name) => ({ name, schema: fieldSchema(type, name) }))]
    }),
)

/** The types whose fields are listed. */
export function describedTypes(): readonly string[] {
  return [...described.keys()]
}

/** All fields of the type, or undefined when it is not described. */
export function describedFields(type: string): readonly DescribedField[] | undefined {
  return described.get(type)
}
