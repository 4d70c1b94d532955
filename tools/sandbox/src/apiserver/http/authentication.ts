import { timingSafeEqual } from 'node:crypto'
import type { HttpRequest } from './exchange.ts'

/**
 * Whether the request carries `token`, as a bearer token or as the password of basic authentication. kubectl sends no
 * token over plain http, but it does send the user information of the server's URL (`http://axoneme:TOKEN@host:port`).
 */
export function hasToken(request: HttpRequest, token: string): boolean {
  const [scheme = '', credentials = ''] = (request.headers.authorization ?? '').split(' ', 2)
  if (scheme.toLowerCase() === 'bearer') return isSame(credentials, token)
  if (scheme.toLowerCase() !== 'basic') return false
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  return isSame(text.slice(text.indexOf(':') + 1), token)
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
