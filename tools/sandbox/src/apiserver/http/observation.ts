import type { EventType } from '../codec/encoded-objects.ts'

/** What the server answered, for those who count: a request with the bytes of its answer's body, or one event of a watch. */
export type Observation = Readonly<{
  userAgent: string
  verb: string
  /** Plural; empty for what is no resource. */
  resource: string
  bytes: number
}> &
  (Readonly<{ kind: 'answer'; code: number | 'cut' }> | Readonly<{ kind: 'event'; type: EventType }>)

export type Observe = (observation: Observation) => void

/** What is known once bytes are sent. */
export type Sent = Readonly<
  { bytes: number } & ({ kind: 'answer'; code: number | 'cut' } | { kind: 'event'; type: EventType })
>

const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch' }

/** Verb and resource of a request, as an apiserver's metrics name them. */
export function describeRequest({
  method,
  path,
  query,
}: {
  method: string
  path: string
  query: URLSearchParams
}): { verb: string; resource: string } {
  const [root, ...rest] = path.split('/').filter((segment) => segment !== '')
  const below = root === 'api' ? rest.slice(1) : root === 'apis' ? rest.slice(2) : []
  const target = below[0] === 'namespaces' && below.length > 2 ? below.slice(2) : below
  const [resource = '', name] = target
  const isCollection = name === undefined
  if (method === 'GET') {
    const isWatch = query.get('watch') === 'true' || query.get('watch') === '1'
    return { verb: isWatch ? 'watch' : isCollection ? 'list' : 'get', resource }
  }
  if (method === 'DELETE') return { verb: isCollection ? 'deletecollection' : 'delete', resource }
  return { verb: verbs[method] ?? method.toLowerCase(), resource }
}
