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

/** A self-check found that the table is not what the source has. */
export class TableDiffersError extends CodedError {
  constructor(resource: string) {
    super('K8S_TABLE_DIFFERS', `watch ${resource}: something was missed`, { retryable: true })
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
  if (error instanceof TableDiffersError) return 'relist'
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

/** Whether resuming from a useless version could fail like this, as other trouble could. */
export function mayBeTheVersion(error: unknown): boolean {
  return recoveryFrom(error, 0) === 'resume' && recoveryFrom(error, Number.POSITIVE_INFINITY) === 'relist'
}

/**
 * How to get everything after a watch-list failed before it was complete with `error`: streamed again, once in pages
 * (what was read of those is kept over cuts), or in pages from now on, because this server has no watch-list. Servers
 * say that as they like: those without the feature call the request invalid, one whose etcd is too old for it fails
 * with 500 amid the stream (pods.watchlist.pb of the captures), one that does not know the parameters never says that
 * the initial objects are complete.
 */
export function listingAfter(error: unknown): 'stream' | 'pages-once' | 'pages' {
  if (error instanceof WatchSilentError) return 'pages'
  if (!(error instanceof K8sApiError)) return 'pages-once'
  switch (error.status) {
    case 401:
    case 403:
    case 408:
    case 410:
    case 429:
    case 503:
      return 'stream'
    case 0:
    case 502:
    case 504:
      return 'pages-once'
    default:
      return 'pages'
  }
}
