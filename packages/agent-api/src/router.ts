import { type Route, routes } from './routes.ts'

export const cniPath = '/v1/cni'
export const monitorPath = '/v1/monitor'
export const openApiPath = '/v1/openapi'

/** The route of a path; `path` is `unknown` when there is none. The three special paths have no `route`. */
export type Match = { path: string; route?: Route; params: Readonly<Record<string, string>> }

const patterns = routes.map((route: Route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}))

export function matchRoute(pathname: string): Match {
  if ([cniPath, monitorPath, openApiPath].includes(pathname)) return { path: pathname, params: {} }
  for (const { route, pattern } of patterns) {
    const groups = pattern.exec(pathname)
    if (groups !== null) return { path: route.path, route, params: decodeParams(groups.groups ?? {}) }
  }
  return { path: 'unknown', params: {} }
}

function decodeParams(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => {
      try {
        return [name, decodeURIComponent(value)]
      } catch {
        // A lone % is no escape: the text as it came names nothing, which the route then says.
        return [name, value]
      }
    }),
  )
}
