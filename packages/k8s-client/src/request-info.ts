/** What a call is, in the words of the API: for metrics and messages. */
export type RequestInfo = Readonly<{
  /** get, list, watch, create, update, patch, delete, deletecollection. */
  verb: string
  /** The plural name, with `/subresource`; the start of the path where it names no resource. */
  resource: string
}>

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
}

/** Subresources of the one resource whose objects have other resources below them. */
const namespaceSubresources = new Set(['status', 'finalize'])

export function requestInfoOf({
  method,
  path,
  isWatch,
}: {
  method: string
  path: string
  isWatch: boolean
}): RequestInfo {
  const segments = path.split('/').filter((segment) => segment !== '')
  const [root] = segments
  const rest = root === 'api' ? segments.slice(2) : root === 'apis' ? segments.slice(3) : []
  if (rest.length === 0) return { verb: method.toLowerCase(), resource: `/${root ?? ''}` }
  const isNamespaced =
    rest[0] === 'namespaces' && rest.length > 2 && !namespaceSubresources.has(rest[2] as string)
  const [resource = '', name, subresource] = isNamespaced ? rest.slice(2) : rest
  return {
    verb: verbOf(method, { isWatch, hasName: name !== undefined }),
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
  }
}

function verbOf(method: string, { isWatch, hasName }: { isWatch: boolean; hasName: boolean }): string {
  if (method === 'GET') return isWatch ? 'watch' : hasName ? 'get' : 'list'
  if (method === 'DELETE') return hasName ? 'delete' : 'deletecollection'
  return verbs[method] ?? method.toLowerCase()
}
