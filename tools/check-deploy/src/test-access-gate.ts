import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AccessRule } from './test-manifests.ts'

/** One call in the words of RBAC. `name` is empty where a call names no object. */
type Access = Readonly<{ verb: string; group: string; resource: string; name: string }>

export type AccessGate = AsyncDisposable &
  Readonly<{
    url: string
    /** Every call so far, as `verb group/resource[/name]`, once each; `name` only where a rule asks for it. */
    used(): string[]
  }>

/**
 * Stands before an API server that has no RBAC and lets through what the rules of one role allow. Watch-lists it refuses
 * as servers do that do not have them: with one, `list` would not be needed.
 */
export async function startAccessGate({
  target,
  rules,
  onDenied,
}: {
  target: string
  rules: readonly AccessRule[]
  onDenied: (access: string) => void
}): Promise<AccessGate> {
  const used = new Set<string>()
  const server = createServer((incoming, answer) => {
    const access = accessOf(incoming)
    const rule = rules.find((candidate) => allows(candidate, access))
    if (rule === undefined) {
      onDenied(describeAccess(access, access.name))
      refuse(answer, access)
      return
    }
    if (incoming.url?.includes('sendInitialEvents=true')) {
      refuseWatchList(answer)
      return
    }
    used.add(describeAccess(access, rule.resourceNames === undefined ? '' : access.name))
    forward(new URL(incoming.url ?? '/', target), incoming, answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    used: () => [...used].sort(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Everything that rules grant, in the form of `used`. */
export function grantedBy(rules: readonly AccessRule[]): string[] {
  const granted = rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
    verbs.flatMap((verb) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.map((name) => describeAccess({ verb, group, resource }, name)),
        ),
      ),
    ),
  )
  return granted.sort()
}

function allows(rule: AccessRule, { verb, group, resource, name }: Access): boolean {
  return (
    rule.verbs.includes(verb) &&
    rule.apiGroups.includes(group) &&
    rule.resources.includes(resource) &&
    (rule.resourceNames?.includes(name) ?? true)
  )
}

/** As the apiserver reads a path: /api/v1/..., /apis/GROUP/VERSION/..., with or without a namespace. */
function accessOf({ method = 'GET', url = '/' }: IncomingMessage): Access {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const segments = pathname.split('/').filter((segment) => segment !== '')
  const group = segments[0] === 'apis' ? (segments[1] ?? '') : ''
  const rest = segments.slice(segments[0] === 'apis' ? 3 : 2)
  const [plural = pathname, name = '', subresource] =
    rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest
  const reading = searchParams.get('watch') === 'true' ? 'watch' : name === '' ? 'list' : 'get'
  const verbs: Record<string, string> = {
    GET: reading,
    POST: 'create',
    PATCH: 'patch',
    PUT: 'update',
    DELETE: 'delete',
  }
  return {
    verb: verbs[method] ?? method,
    group,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    name,
  }
}

function describeAccess({ verb, group, resource }: Omit<Access, 'name'>, name: string): string {
  return `${verb} ${group}/${resource}${name === '' ? '' : `/${name}`}`
}

function refuse(answer: ServerResponse, { verb, resource }: Access): void {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403 }
  answer.writeHead(403, { 'content-type': 'application/json' })
  answer.end(JSON.stringify({ ...status, message: `cannot ${verb} ${resource}` }))
}

function refuseWatchList(answer: ServerResponse): void {
  const message =
    'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled'
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Invalid', code: 422 }
  answer.writeHead(422, { 'content-type': 'application/json' })
  answer.end(JSON.stringify({ ...status, message }))
}

function forward(url: URL, incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, headers } = incoming
  const outgoing = request(url, { method: method ?? 'GET', headers, agent: false }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers)
    answer.flushHeaders()
    response.pipe(answer)
  })
  outgoing.on('error', () => answer.destroy())
  answer.on('close', () => outgoing.destroy())
  incoming.pipe(outgoing)
}
