import type { Agent } from 'node:http'

/** Everything that one request needs to reach the apiserver as somebody. */
export type Connection = Readonly<{
  /** Scheme, host, port, and a path that all paths are below. */
  server: URL
  tls: Readonly<{
    ca?: string | Buffer
    cert?: string | Buffer
    key?: string | Buffer
    servername?: string
    rejectUnauthorized?: boolean
  }>
  /** Authorization and impersonation. */
  headers: Readonly<Record<string, string>>
  /** A proxy's agent, instead of our own. */
  agent?: Agent
}>

/** Reads what makes a connection. */
export type ConnectionLoader = {
  load(): Promise<Connection>
  /** The server refused what was loaded: nothing that was obtained for it may be used again. */
  forget(): void
}

/** Where connections come from. Credentials rotate, so they are asked for before each request. */
export type ConnectionSource = {
  current(): Promise<Connection>
  /** The server did not accept `refused`: unless that is done already, it is read anew when next asked for. */
  invalidate(refused: Connection): void
}

/** Remembers what the loader gave for `maxAgeMs`, so that a burst of requests reads the files once. */
export function cachedSource(
  loader: ConnectionLoader,
  { maxAgeMs = 10_000, now = Date.now }: { maxAgeMs?: number; now?: () => number } = {},
): ConnectionSource {
  let loading: { connection: Promise<Connection>; atMs: number } | undefined
  let loaded: Connection | undefined
  return {
    invalidate(refused) {
      if (loaded === undefined || !haveSameCredentials(refused, loaded)) return
      loading = undefined
      loaded = undefined
      loader.forget()
    },
    async current() {
      if (loading === undefined || now() - loading.atMs >= maxAgeMs) {
        loading = { connection: loader.load(), atMs: now() }
      }
      const mine = loading
      try {
        const connection = await mine.connection
        if (loading === mine) loaded = connection
        return connection
      } catch (error) {
        if (loading === mine) loading = undefined
        throw error
      }
    },
  }
}

/** Whether a server that refused `a` may accept `b`. */
export function haveSameCredentials(a: Connection, b: Connection): boolean {
  return (
    isSame(a.tls.cert, b.tls.cert) &&
    isSame(a.tls.key, b.tls.key) &&
    a.headers.authorization === b.headers.authorization
  )
}

function isSame(a: string | Buffer | undefined, b: string | Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.from(a).equals(Buffer.from(b))
}
