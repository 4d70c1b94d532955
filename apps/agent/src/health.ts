import type { HealthAnswer } from '@axoneme/app-host'
import type { Progress } from './progress.ts'

/** The routes for probes: alive as long as it answers; ready once its start is complete. */
export function agentHealthRoutes(progress: Progress): Record<string, () => HealthAnswer> {
  const body = () => ({ ...progress.health(), steps: progress.steps() })
  return {
    '/healthz': () => ({ ok: true, body: body() }),
    '/readyz': () => ({ ok: progress.health().ready, body: body() }),
  }
}
