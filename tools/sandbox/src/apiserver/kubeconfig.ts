import { stringify } from 'yaml'

/**
 * A kubeconfig for the embedded server. kubectl withholds tokens from plain http but sends a URL's user information,
 * so the token is written in both places: library clients use the one, kubectl the other.
 */
export function kubeconfigText({
  url,
  token,
  name = 'axoneme',
}: {
  url: string
  token?: string
  name?: string
}): string {
  const server = new URL(url)
  if (token !== undefined) {
    server.username = name
    server.password = token
  }
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: server.toString().replace(/\/$/, '') } }],
    users: [{ name, user: token === undefined ? {} : { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  })
}
