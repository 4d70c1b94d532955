export { type AgentClient, createAgentClient } from './client.ts'
export { CniError, type CniErrorCode, cniErrorCode } from './cni/error.ts'
export type { CniHandlers } from './cni/handle.ts'
export type { CniConfig, CniRequest } from './cni/request.ts'
export type { CniAddResult } from './cni/result.ts'
export { type QueuedDelete, queuedDeletes } from './delete-queue.ts'
export { AgentApiError } from './errors.ts'
export { type ApiLimiter, createApiLimiter } from './limits/api-limiter.ts'
export type { ApiLimitEvent } from './limits/call-limiter.ts'
export { apiRateLimitOption } from './limits/option.ts'
export type { AgentHandlers, Traffic } from './routes.ts'
export type {
  AgentHealth,
  AgentStatus,
  DatapathMetricRow,
  KernelStatus,
  MonitorRecord,
  OperatorIntervals,
  PolicyQuery,
  PolicyVerdict,
} from './schemas.ts'
export { publishedIntervalsSchema } from './schemas.ts'
export { type AgentApi, type AgentApiEvent, type AgentApiOptions, startAgentApi } from './server.ts'
export type { TemplateCheck, TemplateDescription, TemplateRow } from './template-schemas.ts'
