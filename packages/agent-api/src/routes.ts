import type { IntervalRow } from '@axoneme/backoff'
import type { EndpointRow } from '@axoneme/endpoint'
import type { IdentityRow } from '@axoneme/identity'
import type { IpcacheRow, NodeRow } from '@axoneme/ipcache'
import { CodedError, describeError } from '@axoneme/lifecycle'
import type { FrontendRow } from '@axoneme/loadbalancer'
import type { L4Protocol } from '@axoneme/net-types'
import type { EndpointPolicyRow, PolicyDirection, Verdict } from '@axoneme/policy'
import { z } from 'zod'
import type { CniHandlers } from './cni/handle.ts'
import { NotFoundError } from './errors.ts'
import type { LimitedCall } from './limits/call-limit.ts'
import { resolveEndpoint, resolvePeer } from './policy-query.ts'
import {
  type AgentHealth,
  type AgentStatus,
  type DatapathMetricRow,
  datapathMetricSchema,
  endpointPolicySchema,
  endpointSchema,
  healthSchema,
  identitySchema,
  intervalSchema,
  ipcacheSchema,
  type MonitorRecord,
  nodeSchema,
  type OperatorIntervals,
  operatorIntervalsSchema,
  policyQuerySchema,
  serviceSchema,
  statusSchema,
  verdictSchema,
} from './schemas.ts'
import { resolveTemplate } from './template-query.ts'
import {
  type TemplateCheck,
  type TemplateDescription,
  type TemplateRow,
  templateCheckSchema,
  templateDescriptionSchema,
  templateQuerySchema,
  templateSchema,
} from './template-schemas.ts'

/** What the agent tells and does. Plain functions over its tables; lists may be large and are streamed. */
export type AgentHandlers = {
  cni: CniHandlers
  health(): AgentHealth
  status(): AgentStatus
  intervals(): IntervalRow[]
  /** Never rejects: what is not known is said. */
  operatorIntervals(signal: AbortSignal): Promise<OperatorIntervals>
  endpoints(): Iterable<EndpointRow>
  identities(): Iterable<IdentityRow>
  policies(): Iterable<EndpointPolicyRow>
  /** Undefined when no policy of the endpoint is computed yet. */
  explain(traffic: Traffic): Verdict | undefined
  services(): Iterable<FrontendRow>
  nodes(): Iterable<NodeRow>
  ipcache(): Iterable<IpcacheRow>
  templates(): Promise<TemplateRow[]>
  /** Of a template that `templates` told of. Undefined when it is gone or damaged since. */
  describeTemplate(template: TemplateRow): Promise<TemplateDescription | undefined>
  /** Compares an endpoint's programs with those that its template makes; changes nothing. */
  checkTemplate(endpoint: EndpointRow): Promise<TemplateCheck>
  datapathMetrics(): Iterable<DatapathMetricRow>
  /** All metrics in Prometheus' text format. */
  metrics(): Promise<string>
  /** Calls `listener` for each event until disposed. The listener returns at once. */
  monitor(listener: (event: MonitorRecord) => void): Disposable
}

export type Traffic = Readonly<{
  endpointId: number
  direction: PolicyDirection
  peer: number
  protocol: L4Protocol
  /** The destination's. */
  port: number
}>

type Input = {
  params: Readonly<Record<string, string>>
  query: Readonly<Record<string, string>>
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal
}

export type Reply =
  | { kind: 'json'; httpStatus: number; value: unknown }
  | { kind: 'list'; rows: Iterable<unknown> }
  | { kind: 'text'; text: string }

/** A GET route: what it is called with, what it answers, and how. CNI and the monitor stream have their own. */
export type Route = Readonly<{
  path: string
  summary: string
  query?: z.ZodObject
  /** As which call it waits for its turn; undefined: never. */
  limit?: LimitedCall
  response: z.ZodType
  reply(handlers: AgentHandlers, input: Input): Reply | Promise<Reply>
}>

export const routes = [
  {
    path: '/v1/healthz',
    summary: 'Whether the agent is ready (200) and, if not (503), what it waits for',
    response: healthSchema,
    reply: (handlers) => {
      const health = handlers.health()
      return { kind: 'json', httpStatus: health.ready ? 200 : 503, value: health }
    },
  },
  {
    path: '/v1/status',
    summary: 'The agent, its parts, and the sizes of its tables',
    response: statusSchema,
    reply: (handlers) => json(handlers.status()),
  },
  {
    path: '/v1/intervals',
    summary: 'What the agent does again and again, and how often in a cluster of this size',
    response: z.array(intervalSchema),
    reply: (handlers) => json(handlers.intervals()),
  },
  {
    path: '/v1/intervals/operator',
    summary: 'What the operator that leads does again and again, and how often, as it says in the kvstore',
    response: operatorIntervalsSchema,
    reply: async (handlers, { signal }) => json(await handlers.operatorIntervals(signal)),
  },
  list('/v1/endpoint', 'The pods of this node', {
    row: endpointSchema,
    rows: (handlers) => handlers.endpoints(),
  }),
  {
    path: '/v1/endpoint/{id}',
    summary: 'One pod of this node, by id',
    response: endpointSchema,
    reply: (handlers, { params }) => json(resolveEndpoint(handlers.endpoints(), params.id ?? '')),
  },
  list('/v1/identity', 'The identities known here', {
    row: identitySchema,
    rows: (handlers) => handlers.identities(),
  }),
  {
    path: '/v1/identity/{id}',
    summary: 'One identity, by number',
    response: identitySchema,
    reply: (handlers, { params }) => {
      for (const row of handlers.identities()) if (String(row.id) === params.id) return json(row)
      throw new NotFoundError(`identity ${params.id}`)
    },
  },
  list('/v1/policy', 'What each endpoint allows, and by which policies', {
    row: endpointPolicySchema,
    rows: (handlers) => handlers.policies(),
  }),
  {
    path: '/v1/policy/why',
    summary: 'Why an endpoint allows or denies some traffic',
    query: policyQuerySchema,
    response: verdictSchema,
    reply: (handlers, { query }) => json(explain(handlers, query)),
  },
  list('/v1/service', 'Addresses of services and their backends', {
    row: serviceSchema,
    rows: (handlers) => handlers.services(),
  }),
  list('/v1/node', 'The nodes of the cluster', { row: nodeSchema, rows: (handlers) => handlers.nodes() }),
  list('/v1/ipcache', 'What the datapath knows of prefixes', {
    row: ipcacheSchema,
    rows: (handlers) => handlers.ipcache(),
  }),
  {
    path: '/v1/bpf/templates',
    summary: 'Compiled templates and who uses them, those of other configurations too',
    response: z.array(templateSchema),
    reply: async (handlers) => json(await handlers.templates()),
  },
  {
    path: '/v1/bpf/templates/{name}',
    summary: 'What a template is made of, by its hash or its program',
    response: templateDescriptionSchema,
    reply: async (handlers, { params }) => json(await describeTemplate(handlers, params.name ?? '')),
  },
  {
    path: '/v1/bpf/verify',
    summary: "Whether endpoints' programs are those that their template makes of their values",
    query: templateQuerySchema,
    limit: 'endpoint-verify',
    response: z.array(templateCheckSchema),
    reply: async (handlers, { query, signal }) => json(await checkTemplates(handlers, { query, signal })),
  },
  list('/v1/metrics/datapath', 'Forwarded and dropped packets', {
    row: datapathMetricSchema,
    rows: (handlers) => handlers.datapathMetrics(),
  }),
  {
    path: '/v1/metrics',
    summary: 'All metrics, in the text format of Prometheus',
    response: z.string(),
    reply: async (handlers) => ({ kind: 'text', text: await handlers.metrics() }),
  },
] as const satisfies readonly Route[]

function list(
  path: string,
  summary: string,
  { row, rows }: { row: z.ZodType; rows: (handlers: AgentHandlers) => Iterable<unknown> },
): Route {
  return {
    path,
    summary,
    response: z.array(row),
    reply: (handlers) => ({ kind: 'list', rows: rows(handlers) }),
  }
}

function json(value: unknown): Reply {
  return { kind: 'json', httpStatus: 200, value }
}

function explain(handlers: AgentHandlers, query: Readonly<Record<string, string>>) {
  const { endpoint, peer, ...traffic } = policyQuerySchema.parse(query)
  const endpointId = resolveEndpoint(handlers.endpoints(), endpoint).id
  const identity = resolvePeer(peer, { endpoints: handlers.endpoints(), ipcache: handlers.ipcache() })
  const verdict = handlers.explain({ ...traffic, endpointId, peer: identity })
  if (verdict === undefined) throw new NotFoundError(`policy of endpoint ${endpointId}`)
  return { endpointId, peer: identity, ...verdict }
}

async function describeTemplate(handlers: AgentHandlers, name: string): Promise<TemplateDescription> {
  const template = resolveTemplate(await handlers.templates(), name)
  const description = await handlers.describeTemplate(template)
  if (description === undefined) throw new NotFoundError(`whole template ${template.hash}`)
  return description
}

/** One by one: each of them is a full load of an endpoint's programs. */
async function checkTemplates(
  handlers: AgentHandlers,
  { query, signal }: Pick<Input, 'query' | 'signal'>,
): Promise<TemplateCheck[]> {
  const { endpoint } = templateQuerySchema.parse(query)
  if (endpoint !== undefined) {
    return [await handlers.checkTemplate(resolveEndpoint(handlers.endpoints(), endpoint))]
  }
  const checks: TemplateCheck[] = []
  for (const row of [...handlers.endpoints()]) {
    signal.throwIfAborted()
    checks.push(await checkOrSayWhyNot(handlers, row))
  }
  return checks
}

async function checkOrSayWhyNot(handlers: AgentHandlers, row: EndpointRow): Promise<TemplateCheck> {
  try {
    return await handlers.checkTemplate(row)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    const { id, namespace, podName } = row
    return { endpointId: id, pod: `${namespace}/${podName}`, programs: [], problem: describeError(error) }
  }
}
