import { K8sApiError } from '@axoneme/k8s-client'
import { CodedError } from '@axoneme/lifecycle'
import { isExpired } from '@axoneme/slim-types'

/** A watch over which nothing came for longer than an apiserver stays silent: the connection is half-open. */
export class WatchSilentError extends CodedError {
  constructor(resource: string, silentMs: number) {
    super('K8S_WATCH_SILENT', `watch ${resource}: no event or bookmark for ${Math.round(silentMs)} ms`, {
      retryable: true,
    })
  }
}

/** A watch that the server ended as soon as it had begun. */
export class WatchShortError extends CodedError {
  constructor(resource: string) {
    super('K8S_WATCH_SHORT', `watch ${resource}: the server ended it at once`, { retryable: true })
  }
}

/**
 * How a watch goes on after `error`: from where it was, or with a new list. A list of everything is what a server
 * that has trouble can bear least, so it is asked for only when the version is known to be useless (410, or a
 * request that the server calls wrong), or when resuming has failed `failures` times without an event in between in
 * a way that a useless version explains: after a restore from a backup a server fails or stays silent about
 * versions that it has not reached yet.
 */
export function recoveryFrom(error: unknown, failures: number): 'resume' | 'relist' {
  if (error instanceof WatchShortError) return 'resume'
  if (!(error instanceof K8sApiError)) return failures >= 3 ? 'relist' : 'resume'
  if (isExpired({ code: error.status, reason: error.reason })) return 'relist'
  switch (error.status) {
    case 0:
    case 401:
    case 403:
    case 408:
    case 429:
    case 502:
    case 503:
      return 'resume'
    default:
      return error.status < 500 || failures >= 3 ? 'relist' : 'resume'
  }
}
