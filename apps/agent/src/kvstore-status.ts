import type { AgentStatus } from '@axoneme/agent-api'
import type { KvEndpoint, KvStatus } from '@axoneme/kvstore'

/** The endpoints for the API: as they were told of, or as ones that were not asked yet. */
export function endpointStatuses(
  configured: readonly string[],
  told: readonly KvEndpoint[] | undefined,
): AgentStatus['kvstoreEndpoints'] {
  if (told === undefined) {
    return configured.map((endpoint) => ({ endpoint, state: 'unknown', role: '', version: '', detail: '' }))
  }
  return told.map(({ sinceMs, askedMs, ...endpoint }) => ({
    ...endpoint,
    ...(sinceMs === undefined ? {} : { since: new Date(sinceMs).toISOString() }),
    ...(askedMs === undefined ? {} : { asked: new Date(askedMs).toISOString() }),
  }))
}

/** The store as a whole: it answers calls, and all, some or none of its endpoints are well. */
export function kvstoreComponent(
  status: KvStatus | undefined,
  endpoints: readonly KvEndpoint[] = [],
): AgentStatus['components'][number] {
  const name = 'kvstore'
  if (status === undefined) return { name, state: 'down', message: 'not connected yet' }
  if (!status.connected) return { name, state: 'down', message: status.detail }
  const ailing = endpoints.filter(({ state }) => state === 'down' || state === 'degraded').length
  if (ailing === 0) return { name, state: 'ok', message: status.detail }
  const message = `${status.detail}: ${ailing} of ${endpoints.length} endpoints not well`
  return { name, state: 'degraded', message }
}
