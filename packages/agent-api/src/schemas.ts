import type { IntervalRow } from '@axoneme/backoff'
import type { EndpointRow } from '@axoneme/endpoint'
import type { IdentityRow } from '@axoneme/identity'
import type { IpcacheRow, NodeRow } from '@axoneme/ipcache'
import type { Backend, FrontendRow } from '@axoneme/loadbalancer'
import type { EndpointPolicyRow, PolicyEntry } from '@axoneme/policy'
import { z } from 'zod'

const labels = z.record(z.string(), z.string())
const port = z.int().min(0).max(65535)
const l4Protocol = z.enum(['TCP', 'UDP', 'SCTP'])
const direction = z.enum(['ingress', 'egress'])

export const endpointSchema: z.ZodType<EndpointRow> = z.object({
  id: z.int().min(1).max(65535),
  containerId: z.string(),
  ifName: z.string(),
  netnsPath: z.string(),
  namespace: z.string(),
  podName: z.string(),
  podUid: z.string(),
  ipv4: z.string(),
  podMac: z.string(),
  hostMac: z.string(),
  hostIfName: z.string(),
  labels,
  identity: z.int(),
  state: z.enum(['waiting-for-identity', 'ready']),
})

export const identitySchema: z.ZodType<IdentityRow> = z.object({ id: z.int(), labels })

const policyEntrySchema: z.ZodType<PolicyEntry> = z.object({
  direction,
  identity: z.int().describe('0: any peer'),
  protocol: z.int().min(0).max(255).describe('0: any protocol'),
  port,
  portPrefixLength: z.int().min(0).max(16).describe('how many bits of the port count'),
  rules: z.array(z.string()).describe('namespace/name of the policies that allow it'),
})

export const endpointPolicySchema: z.ZodType<EndpointPolicyRow> = z.object({
  endpointId: z.int(),
  identity: z.int(),
  enforceIngress: z.boolean(),
  enforceEgress: z.boolean(),
  entries: z.array(policyEntrySchema),
})

export const verdictSchema = z.object({
  endpointId: z.int(),
  peer: z.int().describe('identity of the other side'),
  allowed: z.boolean(),
  entries: z.array(policyEntrySchema).readonly().describe('the entries that allow it'),
  rules: z.array(z.string()).readonly().describe('the policies behind the entries'),
  reason: z.string(),
})

export type PolicyVerdict = z.infer<typeof verdictSchema>

export const policyQuerySchema = z.object({
  endpoint: z.string().min(1).max(512).describe('id, or namespace/pod of a pod on this node'),
  direction,
  peer: z.string().min(1).max(512).describe('identity, address, or namespace/pod of a pod on this node'),
  protocol: l4Protocol.default('TCP'),
  port: z.coerce.number().pipe(port).describe('destination port'),
})

export type PolicyQuery = z.input<typeof policyQuerySchema>

const backendSchema: z.ZodType<Backend> = z.object({
  address: z.string(),
  port,
  protocol: l4Protocol,
  state: z.enum(['active', 'terminating']),
  nodeName: z.string(),
})

export const serviceSchema: z.ZodType<FrontendRow> = z.object({
  key: z.string(),
  address: z.string(),
  port,
  protocol: l4Protocol,
  kind: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalIP']),
  service: z.string(),
  portName: z.string(),
  affinityTimeoutSeconds: z.number(),
  backends: z.array(backendSchema),
})

export const nodeSchema: z.ZodType<NodeRow> = z.object({
  name: z.string(),
  cluster: z.string(),
  internalIp: z.string(),
  routerIp: z.string(),
  podCidrs: z.array(z.string()),
  encryptKey: z.int(),
  labels,
})

export const ipcacheSchema: z.ZodType<IpcacheRow> = z.object({
  cidr: z.string(),
  identity: z.int(),
  tunnelEndpoint: z.string(),
  encryptKey: z.int(),
})

export const healthSchema = z.object({
  ready: z.boolean(),
  step: z.string().describe('the bootstrap step that readiness waits for, or `ready`'),
  detail: z.string(),
})

export type AgentHealth = Readonly<z.infer<typeof healthSchema>>

const kernelSchema = z.object({
  release: z.string().describe('as uname -r prints it'),
  features: z
    .array(
      z.object({
        name: z.string(),
        title: z.string(),
        since: z.string().describe('the first Linux that has it'),
        usedFor: z.string(),
        present: z.boolean(),
        required: z.boolean().describe('whether the agent waits for it'),
        without: z.string().optional().describe('what happens where it is missing and not required'),
      }),
    )
    .readonly()
    .describe('what Axoneme uses of the kernel; empty until the kernel was asked'),
})

/** The running kernel, and what it has of what Axoneme uses. */
export type KernelStatus = Readonly<z.infer<typeof kernelSchema>>

const stepSchema = z.object({
  name: z.string(),
  state: z.enum(['running', 'failing', 'done']),
  attempts: z.int().min(0),
  detail: z.string().describe('why it is not done yet'),
  durationMs: z.number().describe('how long it took, or has taken so far'),
})

const kvstoreEndpointSchema = z.object({
  endpoint: z.string(),
  state: z
    .enum(['unknown', 'ok', 'degraded', 'down'])
    .describe('unknown: not asked yet; degraded: it answers, and not all is well; down: it does not answer'),
  role: z.enum(['leader', 'follower', 'learner', '']).describe('empty when it did not say'),
  version: z.string().describe('empty when it did not say'),
  detail: z.string().describe('what is wrong'),
  since: z.iso.datetime().exactOptional().describe('when state and role were found so first'),
  asked: z.iso.datetime().exactOptional().describe('when it was asked last'),
})

export const statusSchema = z.object({
  ...healthSchema.shape,
  steps: z.array(stepSchema).readonly().describe('of the start, in the order in which they began'),
  version: z.string(),
  cluster: z.string(),
  node: z.string(),
  routing: z.string().describe('native or vxlan'),
  podCidrs: z.array(z.string()).readonly(),
  startedAt: z.iso.datetime(),
  kernel: kernelSchema,
  attachments: z
    .array(z.object({ place: z.string(), by: z.enum(['tcx', 'clsact']) }))
    .readonly()
    .describe('how programs are attached: to `pods`, and to each device of the node; empty until they are'),
  components: z
    .array(z.object({ name: z.string(), state: z.enum(['ok', 'degraded', 'down']), message: z.string() }))
    .readonly(),
  kvstoreEndpoints: z
    .array(kvstoreEndpointSchema)
    .readonly()
    .describe('each endpoint of etcd, as it was when this agent asked it last'),
  counts: z.record(z.string(), z.number()).describe('rows of the tables: endpoints, identities, ...'),
})

export type AgentStatus = Readonly<z.infer<typeof statusSchema>>

export const intervalSchema: z.ZodType<IntervalRow> = z.object({
  name: z.string(),
  does: z.string(),
  baseMs: z.number().min(0),
  growth: z
    .enum(['none', 'cluster-size', 'nodes', 'exponential', 'adaptive'])
    .describe(
      'cluster-size: base * ln(1 + nodes); nodes: base * nodes; exponential: with each failure in a row; adaptive: by what is found',
    ),
  maxMs: z.number().min(0).exactOptional(),
  jitter: z
    .union([z.number(), z.enum(['full', 'decorrelated'])])
    .describe('the share that is drawn at random, either way; or all of it'),
  currentMs: z.number().min(0).describe('in the cluster as it is, before jitter'),
})

/** Times, and a table that has some ten rows; whoever may write to the kvstore may write anything. */
export const publishedIntervalsSchema = z.object({
  by: z.string().max(512).describe('the operator that leads'),
  at: z.iso.datetime().describe('when it said so last'),
  intervals: z.array(intervalSchema).max(256).readonly(),
})

export const operatorIntervalsSchema = z.object({
  published: publishedIntervalsSchema
    .exactOptional()
    .describe('what the operator that leads has in effect, as it says itself'),
  reason: z.string().describe('why that is not known'),
})

/** The intervals that are in effect at the operator, as far as an agent can know. */
export type OperatorIntervals = Readonly<z.infer<typeof operatorIntervalsSchema>>

export const datapathMetricSchema = z.object({
  reason: z.string(),
  direction: z.string(),
  packets: z.number(),
  bytes: z.number(),
})

export type DatapathMetricRow = Readonly<z.infer<typeof datapathMetricSchema>>

/**
 * An event of the datapath, or `{ type: 'lost', count }` where a slow reader missed some. `text`, where it is given,
 * is the line for people.
 */
export const monitorEventSchema = z.looseObject({ type: z.string(), text: z.string().optional() })

export type MonitorRecord = Readonly<z.infer<typeof monitorEventSchema>>

export const errorSchema = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() })
