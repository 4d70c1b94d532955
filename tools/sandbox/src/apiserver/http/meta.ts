import { aggregatedDiscovery } from '../discovery/aggregated.ts'
import { coreVersions, groupList, groupOf, resourceList } from '../discovery/discovery.ts'
import { openApiDocument, openApiIndex } from '../discovery/openapi.ts'
import { encodeOpenApiV2, openApiV2, openApiV2MediaTypes } from '../discovery/openapi-v2.ts'
import { unknownPath } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { Registry } from '../resources/registry.ts'
import { type Exchange, sendBytes, sendJson, sendText } from './exchange.ts'
import { parseAccept } from './negotiate.ts'

/** The Kubernetes version whose API this server speaks, as far as it goes. */
const version = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0-axoneme',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
}

/** Answers everything that is about the API itself; false when the path is none of that. */
export function serveMeta(registry: Registry, exchange: Exchange, segments: readonly string[]): boolean {
  const [root, first, second, ...rest] = segments
  switch (root) {
    case undefined:
      sendJson(exchange, 200, {
        paths: [
          '/api',
          '/api/v1',
          '/apis',
          '/healthz',
          '/livez',
          '/openapi/v2',
          '/openapi/v3',
          '/readyz',
          '/version',
        ],
      })
      return true
    case 'version':
      sendJson(exchange, 200, version)
      return true
    case 'healthz':
    case 'livez':
    case 'readyz':
      sendText(exchange, 200, 'ok')
      return true
    case 'openapi':
      serveOpenApi(registry, exchange, segments.slice(1))
      return true
    case 'api':
      if (first === undefined) serveDiscoveryRoot(exchange, { registry, root, plain: coreVersions() })
      else if (second === undefined) sendFound(exchange, resourceList(registry, '', first))
      return first === undefined || second === undefined
    case 'apis':
      if (first === undefined) serveDiscoveryRoot(exchange, { registry, root, plain: groupList(registry) })
      else if (second === undefined) sendFound(exchange, groupOf(registry, first))
      else if (rest.length === 0) sendFound(exchange, resourceList(registry, first, second))
      return rest.length === 0
    default:
      return false
  }
}

function sendFound(exchange: Exchange, found: JsonObject | undefined): void {
  if (found === undefined) throw unknownPath()
  sendJson(exchange, 200, found)
}

function serveDiscoveryRoot(
  exchange: Exchange,
  { registry, root, plain }: { registry: Registry; root: 'api' | 'apis'; plain: JsonObject },
): void {
  const [wanted] = parseAccept(exchange.request.headers.accept)
  const { as, g, v = '' } = wanted?.parameters ?? {}
  if (as !== 'APIGroupDiscoveryList' || g !== 'apidiscovery.k8s.io' || !['v2', 'v2beta1'].includes(v)) {
    sendJson(exchange, 200, plain)
    return
  }
  sendBytes(exchange, {
    code: 200,
    contentType: `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`,
    body: JSON.stringify(aggregatedDiscovery(registry, { root, version: v })),
  })
}

function serveOpenApi(registry: Registry, exchange: Exchange, segments: readonly string[]): void {
  const [version, ...root] = segments
  if (version === 'v2' && root.length === 0) {
    const wantsProtobuf = parseAccept(exchange.request.headers.accept).some(({ type }) =>
      openApiV2MediaTypes.some((known) => known === type),
    )
    if (wantsProtobuf)
      sendBytes(exchange, {
        code: 200,
        contentType: openApiV2MediaTypes[1],
        body: Buffer.from(encodeOpenApiV2(openApiV2(registry))),
      })
    else sendJson(exchange, 200, openApiV2(registry))
  } else if (version === 'v3' && root.length === 0) sendJson(exchange, 200, openApiIndex(registry))
  else if (version === 'v3') sendFound(exchange, openApiDocument(registry, root.join('/')))
  else throw unknownPath()
}
