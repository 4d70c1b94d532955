import { getJson, type K8sClient } from '@axoneme/k8s-client'
import type { DaemonStatus } from '@axoneme/sandbox'
import { z } from 'zod'
import type { OracleCluster, OraclePod } from './oracle/model.ts'

const labels = z.record(z.string(), z.string()).optional()
const metadata = z.looseObject({ name: z.string(), namespace: z.string().optional(), labels })
const list = <T extends z.ZodType>(item: T) => z.looseObject({ items: z.array(item) })

const selector = z.looseObject({
  matchLabels: z.record(z.string(), z.string()).nullish(),
  matchExpressions: z
    .array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
    .nullish(),
})
const peer = z.looseObject({
  podSelector: selector.nullish(),
  namespaceSelector: selector.nullish(),
  ipBlock: z.unknown().optional(),
})
const policyPort = z.looseObject({
  protocol: z.string().optional(),
  port: z.union([z.number(), z.string()]).nullish(),
  endPort: z.number().nullish(),
})
const policySchema = z.looseObject({
  metadata,
  spec: z.looseObject({
    podSelector: selector.nullish(),
    policyTypes: z.array(z.string()).nullish(),
    ingress: z
      .array(z.looseObject({ from: z.array(peer).nullish(), ports: z.array(policyPort).nullish() }))
      .nullish(),
    egress: z
      .array(z.looseObject({ to: z.array(peer).nullish(), ports: z.array(policyPort).nullish() }))
      .nullish(),
  }),
})
const podSchema = z.looseObject({
  metadata,
  spec: z.looseObject({
    nodeName: z.string().optional(),
    hostNetwork: z.boolean().optional(),
    containers: z.array(
      z.looseObject({
        ports: z
          .array(
            z.looseObject({
              name: z.string().optional(),
              containerPort: z.number(),
              protocol: z.string().optional(),
            }),
          )
          .nullish(),
      }),
    ),
  }),
  status: z.looseObject({ podIP: z.string().optional() }).optional(),
})
const serviceSchema = z.looseObject({
  metadata,
  spec: z.looseObject({
    type: z.string().optional(),
    clusterIP: z.string().optional(),
    selector: z.record(z.string(), z.string()).nullish(),
    ports: z
      .array(
        z.looseObject({
          port: z.number(),
          targetPort: z.union([z.number(), z.string()]).optional(),
          protocol: z.string().optional(),
        }),
      )
      .nullish(),
  }),
})

export type DemoPod = OraclePod &
  Readonly<{
    /** `namespace/name`. */
    key: string
    node: string
    ip: string
    netns: string
    /** TCP ports that it declares or that a service sends to, ascending. */
    tcpPorts: readonly number[]
  }>

export type DemoServicePort = Readonly<{
  /** `namespace/name`. */
  service: string
  namespace: string
  name: string
  clusterIp: string
  port: number
  /** The pods behind it and the port of each. */
  backends: readonly Readonly<{ pod: DemoPod; port: number }>[]
}>

export type ClusterView = Readonly<{
  pods: readonly DemoPod[]
  servicePorts: readonly DemoServicePort[]
  oracle: OracleCluster
  /** What is left out of the probes and why, for people. */
  notes: readonly string[]
}>

/** Reads what there is from the apiserver, not from anything that is under test. */
export async function readCluster(
  client: K8sClient,
  { status, signal }: { status: DaemonStatus; signal: AbortSignal },
): Promise<ClusterView> {
  const read = async <T extends z.ZodType>(path: string, item: T) =>
    list(item).parse(await getJson(client, path, { signal })).items
  const [pods, services, policies, namespaces] = await Promise.all([
    read('/api/v1/pods', podSchema),
    read('/api/v1/services', serviceSchema),
    read('/apis/networking.k8s.io/v1/networkpolicies', policySchema),
    read('/api/v1/namespaces', z.looseObject({ metadata })),
  ])
  const inHostNetwork = pods.filter((pod) => pod.spec.hostNetwork === true)
  const plain = pods
    .filter((pod) => pod.spec.hostNetwork !== true)
    .map((pod) => plainPod(pod, status))
    .sort((a, b) => a.key.localeCompare(b.key))
  const servicePorts = services.flatMap((service) => servicePortsOf(service, plain))
  const isBehindNoPods = ({ spec }: z.infer<typeof serviceSchema>) =>
    spec.clusterIP !== 'None' && Object.keys(spec.selector ?? {}).length === 0
  return {
    pods: plain.map((pod) => ({ ...pod, tcpPorts: allTcpPorts(pod, servicePorts) })),
    servicePorts: servicePorts.sort((a, b) => a.service.localeCompare(b.service) || a.port - b.port),
    oracle: {
      policies: policies.map(({ metadata: { namespace = 'default', name }, spec }) => ({
        namespace,
        name,
        spec,
      })),
      namespaces: Object.fromEntries(namespaces.map(({ metadata: at }) => [at.name, at.labels ?? {}])),
    },
    notes: notes({
      'pods of the host network': inHostNetwork.map(({ metadata: at }) => at.name),
      'services that select no pods': services.filter(isBehindNoPods).map(({ metadata: at }) => at.name),
    }),
  }
}

function notes(leftOut: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(leftOut)
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `not probed: ${what} (${names.join(', ')})`)
}

function plainPod(pod: z.infer<typeof podSchema>, status: DaemonStatus): DemoPod {
  const { name, namespace = 'default', labels: podLabels = {} } = pod.metadata
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? [])
  const local = status.pods.find((at) => at.namespace === namespace && at.name === name)
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    labels: podLabels,
    node: pod.spec.nodeName ?? '',
    ip: pod.status?.podIP ?? '',
    netns: local?.netns ?? '',
    namedPorts: ports.flatMap(({ name: portName, protocol = 'TCP', containerPort }) =>
      portName === undefined ? [] : [{ name: portName, protocol, port: containerPort }],
    ),
    tcpPorts: ports.filter((port) => (port.protocol ?? 'TCP') === 'TCP').map((port) => port.containerPort),
  }
}

function servicePortsOf(service: z.infer<typeof serviceSchema>, pods: readonly DemoPod[]): DemoServicePort[] {
  const { name, namespace = 'default' } = service.metadata
  const { clusterIP = '', selector: wanted, ports } = service.spec
  // Headless services and external names have no address that could be balanced.
  const selects = Object.entries(wanted ?? {})
  if (clusterIP === '' || clusterIP === 'None' || selects.length === 0) return []
  const selected = pods.filter(
    (pod) => pod.namespace === namespace && selects.every(([key, value]) => pod.labels[key] === value),
  )
  return (ports ?? [])
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .map(({ port, targetPort = port }) => ({
      service: `${namespace}/${name}`,
      ...{ namespace, name, port },
      clusterIp: clusterIP,
      backends: selected.flatMap((pod) => {
        const number = typeof targetPort === 'number' ? targetPort : namedPort(pod, targetPort)
        return number === undefined ? [] : [{ pod, port: number }]
      }),
    }))
}

function namedPort(pod: DemoPod, name: string): number | undefined {
  return pod.namedPorts.find((port) => port.name === name && port.protocol === 'TCP')?.port
}

function allTcpPorts(pod: DemoPod, servicePorts: readonly DemoServicePort[]): number[] {
  const targets = servicePorts.flatMap(({ backends }) =>
    backends.filter((backend) => backend.pod.key === pod.key).map((backend) => backend.port),
  )
  return [...new Set([...pod.tcpPorts, ...targets])].sort((a, b) => a - b)
}
