import { request as httpRequest, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { IntervalRow } from '@axoneme/backoff'
import type { EndpointRow } from '@axoneme/endpoint'
import type { IdentityRow } from '@axoneme/identity'
import type { IpcacheRow, NodeRow } from '@axoneme/ipcache'
import type { FrontendRow } from '@axoneme/loadbalancer'
import type { EndpointPolicyRow } from '@axoneme/policy'
import { z } from 'zod'
import { AgentApiError } from './errors.ts'
import {
  type AgentHealth,
  type AgentStatus,
  type DatapathMetricRow,
  datapathMetricSchema,
  endpointPolicySchema,
  endpointSchema,
  errorSchema,
  healthSchema,
  identitySchema,
  intervalSchema,
  ipcacheSchema,
  type MonitorRecord,
  monitorEventSchema,
  nodeSchema,
  type OperatorIntervals,
  operatorIntervalsSchema,
  type PolicyQuery,
  type PolicyVerdict,
  serviceSchema,
  statusSchema,
  verdictSchema,
} from './schemas.ts'
import {
  type TemplateCheck,
  type TemplateDescription,
  type TemplateRow,
  templateCheckSchema,
  templateDescriptionSchema,
  templateSchema,
} from './template-schemas.ts'

/** Every call rejects with an AgentApiError that says whether the agent was not there or said no. */
export type AgentClient = {
  /** Answers also while the agent is not ready. */
  health(): Promise<AgentHealth>
  status(): Promise<AgentStatus>
  intervals(): Promise<IntervalRow[]>
  operatorIntervals(): Promise<OperatorIntervals>
  endpoints(): Promise<EndpointRow[]>
  /** By id, or by `namespace/pod`. */
  endpoint(name: string): Promise<EndpointRow>
  identities(): Promise<IdentityRow[]>
  identity(id: string): Promise<IdentityRow>
  policies(): Promise<EndpointPolicyRow[]>
  why(query: PolicyQuery): Promise<PolicyVerdict>
  services(): Promise<FrontendRow[]>
  nodes(): Promise<NodeRow[]>
  ipcache(): Promise<IpcacheRow[]>
  templates(): Promise<TemplateRow[]>
  /** By hash, its beginning, or the program. */
  template(name: string): Promise<TemplateDescription>
  /** Of one endpoint, by id or `namespace/pod`, or of all: then it may take long. */
  verifyTemplates(endpoint?: string): Promise<TemplateCheck[]>
  datapathMetrics(): Promise<DatapathMetricRow[]>
  metrics(): Promise<string>
  openApi(): Promise<unknown>
  /** Events until the signal aborts or the agent goes away. */
  monitor(signal: AbortSignal): AsyncIterable<MonitorRecord>
}

/** Every endpoint's programs are loaded once: how much longer than any other answer this may take. */
const verifyPatience = 10

type Connection = { socketPath: string; timeoutMs: number; signal: AbortSignal | undefined }

export function createAgentClient({
  socketPath,
  timeoutMs = 30_000,
  signal,
}: {
  socketPath: string
  timeoutMs?: number
  signal?: AbortSignal | undefined
}): AgentClient {
  const connection = { socketPath, timeoutMs, signal }
  const get = <T>(path: string, schema: z.ZodType<T>) => getJson(connection, path, schema)
  return {
    health: () => get('/v1/healthz', healthSchema),
    status: () => get('/v1/status', statusSchema),
    intervals: () => get('/v1/intervals', z.array(intervalSchema)),
    operatorIntervals: () => get('/v1/intervals/operator', operatorIntervalsSchema),
    endpoints: () => get('/v1/endpoint', z.array(endpointSchema)),
    endpoint: (name) => get(`/v1/endpoint/${encodeURIComponent(name)}`, endpointSchema),
    identities: () => get('/v1/identity', z.array(identitySchema)),
    identity: (id) => get(`/v1/identity/${encodeURIComponent(id)}`, identitySchema),
    policies: () => get('/v1/policy', z.array(endpointPolicySchema)),
    why: (query) => get(`/v1/policy/why?${searchOf(query)}`, verdictSchema),
    services: () => get('/v1/service', z.array(serviceSchema)),
    nodes: () => get('/v1/node', z.array(nodeSchema)),
    ipcache: () => get('/v1/ipcache', z.array(ipcacheSchema)),
    templates: () => get('/v1/bpf/templates', z.array(templateSchema)),
    template: (name) => get(`/v1/bpf/templates/${encodeURIComponent(name)}`, templateDescriptionSchema),
    verifyTemplates: (endpoint) => {
      const search = endpoint === undefined ? '' : `?${new URLSearchParams({ endpoint })}`
      const patient = { ...connection, timeoutMs: timeoutMs * verifyPatience }
      return getJson(patient, `/v1/bpf/verify${search}`, z.array(templateCheckSchema))
    },
    datapathMetrics: () => get('/v1/metrics/datapath', z.array(datapathMetricSchema)),
    metrics: async () => text(await getOk(connection, '/v1/metrics')),
    openApi: () => get('/v1/openapi', z.unknown()),
    monitor: (until) => readEvents({ ...connection, timeoutMs: 0, signal: until }),
  }
}

function searchOf(query: PolicyQuery): string {
  return new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)])).toString()
}

async function getJson<T>(connection: Connection, path: string, schema: z.ZodType<T>): Promise<T> {
  const response = await getOk(connection, path)
  const body = await text(response)
  const parsed = schema.safeParse(parseJson(body, path))
  if (!parsed.success) {
    throw new AgentApiError('AGENT_ANSWER', `understand the agent's answer to ${path}`, {
      cause: new Error(z.prettifyError(parsed.error)),
      hint: 'are the agent and this client of the same version?',
    })
  }
  return parsed.data
}

async function* readEvents(connection: Connection): AsyncGenerator<MonitorRecord> {
  try {
    const response = await getOk(connection, '/v1/monitor')
    for await (const line of createInterface({ input: response })) {
      yield monitorEventSchema.parse(parseJson(line, '/v1/monitor'))
    }
  } catch (error) {
    if (connection.signal?.aborted !== true) throw error
  }
}

function parseJson(body: string, path: string): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new AgentApiError('AGENT_ANSWER', `decode the agent's answer to ${path}`, { cause })
  }
}

/** The answer to a GET. A health that is not ready is an answer too. */
async function getOk(connection: Connection, path: string): Promise<IncomingMessage> {
  const response = await open(connection, path)
  const httpStatus = response.statusCode ?? 0
  if (httpStatus === 200 || (httpStatus === 503 && path === '/v1/healthz')) return response
  const refusal = errorSchema.safeParse(parseJson(await text(response), path))
  if (!refusal.success)
    throw new AgentApiError('AGENT_ANSWER', `GET ${path}: HTTP ${httpStatus}`, { httpStatus })
  const { code, message, hint } = refusal.data
  throw new AgentApiError(code, message, { httpStatus, ...(hint === undefined ? {} : { hint }) })
}

function open({ socketPath, timeoutMs, signal }: Connection, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      socketPath,
      path,
      timeout: timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    })
    request.once('response', resolve)
    request.once('timeout', () => {
      request.destroy(new AgentApiError('AGENT_TIMEOUT', `GET ${path}: no answer in ${timeoutMs} ms`))
    })
    request.once('error', (cause) => {
      if (cause instanceof AgentApiError || signal?.aborted === true) reject(cause)
      else {
        reject(
          new AgentApiError('AGENT_UNREACHABLE', `reach the agent at ${socketPath}`, {
            cause,
            retryable: true,
            hint: 'is the agent running on this node, and is this its socket?',
          }),
        )
      }
    })
    request.end()
  })
}
