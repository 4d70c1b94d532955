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

/** Where connections come from. Credentials rotate, so they are asked for before each request. */
export type ConnectionSource = {
  current(): Promise<Connection>
  /** Forgets what was read: the server did not accept it. */
  invalidate(): void
}

/** Remembers what `load` gave for `maxAgeMs`, so that a burst of requests reads the files once. */
export function cachedSource(
  load: () => Promise<Connection>,
  { maxAgeMs = 10_000, now = Date.now }: { maxAgeMs?: number; now?: () => number } = {},
): ConnectionSource {
  let cached: { connection: Promise<Connection>; atMs: number } | undefined
  const invalidate = () => {
    cached = undefined
  }
  return {
    invalidate,
    async current() {
      if (cached === undefined || now() - cached.atMs >= maxAgeMs) {
        cached = { connection: load(), atMs: now() }
      }
      const { connection } = cached
      try {
        return await connection
      } catch (error) {
        if (cached?.connection === connection) invalidate()
        throw error
      }
    },
  }
}
