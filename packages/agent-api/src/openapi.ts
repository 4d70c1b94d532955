import { z } from 'zod'
import { type Route, routes } from './routes.ts'
import { errorSchema, monitorEventSchema } from './schemas.ts'

type JsonObject = Record<string, unknown>

/** The OpenAPI 3.1 description of the API, made from the schemas that the routes use. */
export function openApiDocument(version: string): JsonObject {
  const paths: JsonObject = Object.fromEntries(
    routes.map((route) => [route.path, { get: operationOf(route) }]),
  )
  paths['/v1/monitor'] = {
    get: {
      summary: 'Events of the datapath as they happen, one JSON object a line',
      responses: { 200: content('application/x-ndjson', monitorEventSchema) },
    },
  }
  paths['/v1/cni'] = { post: cniOperation }
  return {
    openapi: '3.1.0',
    info: { title: 'Axoneme agent', version },
    paths,
  }
}

const cniHeaders = ['Command', 'Containerid', 'Netns', 'Ifname', 'Args', 'Path']

const cniOperation = {
  summary:
    'One CNI call: the environment in headers, standard input in the body, standard output in the answer',
  parameters: cniHeaders.map((name) => ({
    name: `X-CNI-${name}`,
    in: 'header',
    required: name === 'Command',
    schema: { type: 'string' },
  })),
  requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
  responses: {
    200: { description: 'the result of ADD, otherwise nothing' },
    default: { description: 'a CNI error', content: { 'application/json': { schema: { type: 'object' } } } },
  },
}

function operationOf(route: Route): JsonObject {
  const isText = route.path === '/v1/metrics'
  return {
    summary: route.summary,
    parameters: [...pathParameters(route.path), ...queryParameters(route.query)],
    responses: {
      200: content(isText ? 'text/plain' : 'application/json', route.response),
      default: content('application/json', errorSchema),
    },
  }
}

function content(mediaType: string, schema: z.ZodType): JsonObject {
  return { description: '', content: { [mediaType]: { schema: jsonSchema(schema) } } }
}

function pathParameters(path: string): JsonObject[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: z.ZodObject | undefined): JsonObject[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !schema.safeParse(undefined).success,
    schema: jsonSchema(schema),
  }))
}

function jsonSchema(schema: z.core.$ZodType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema)
  return rest
}
