import { type RetryPolicy, retry } from '@axoneme/backoff'
import { type Decoder, decodeList, type InvalidObject } from '@axoneme/slim-types'
import type { ResourceSource } from './source.ts'

/** A whole collection, as of `resourceVersion`. */
export type CompleteList<T> = Readonly<{
  items: readonly T[]
  invalid: readonly InvalidObject[]
  resourceVersion: string
}>

/**
 * Lists a collection page by page. A page that fails in a way that passes is asked for again, with backoff and the
 * server's Retry-After; what was read before it is kept. Other failures, a token that expired among them, reject.
 */
export async function listAll<T>({
  source,
  decoder,
  pageSize,
  retryPolicy,
  onRetry,
  signal,
}: {
  source: ResourceSource
  decoder: Decoder<T>
  pageSize: number
  retryPolicy: RetryPolicy
  onRetry: (error: unknown) => void
  signal: AbortSignal
}): Promise<CompleteList<T>> {
  const items: T[] = []
  const invalid: InvalidObject[] = []
  let continueToken: string | undefined
  // All pages are of the first one's version. Where a server is not that strict, the earliest is the safe one.
  let resourceVersion: string | undefined
  for (;;) {
    const query = { limit: pageSize, continue: continueToken }
    const { format, body } = await retry(() => source.list({ query, signal }), {
      ...retryPolicy,
      signal,
      onRetry,
    })
    const page = decodeList(body, format, decoder)
    for (const item of page.items) items.push(item)
    for (const object of page.invalid) invalid.push(object)
    resourceVersion ??= page.resourceVersion
    if (page.continueToken === '') return { items, invalid, resourceVersion }
    continueToken = page.continueToken
  }
}
