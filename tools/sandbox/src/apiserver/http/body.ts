import { parseDocument } from 'yaml'
import { decodeObjectMessage } from '../codec/protobuf-decode.ts'
import { badRequest, tooLarge, unsupportedMediaType } from '../errors.ts'
import { isObject, type Json } from '../json.ts'
import { patchTypes } from '../verbs/patch.ts'
import type { HttpRequest } from './exchange.ts'
import { mediaTypes } from './negotiate.ts'

/** The limit of kube-apiserver. */
const maxBodyBytes = 3 * 1024 * 1024
/** Nothing real nests deeper; code that walks objects recurses. */
const maxDepth = 128

const jsonTypes: readonly string[] = [
  'application/json',
  patchTypes.json,
  patchTypes.merge,
  patchTypes.strategic,
]
const yamlTypes: readonly string[] = ['application/yaml', patchTypes.apply]

export type RequestBody = Readonly<{ mediaType: string; value: Json | undefined }>

/** Reads and parses a body; undefined when it is empty. Refuses what is too large, too deep or no JSON or YAML. */
export async function readBody(request: HttpRequest): Promise<RequestBody> {
  const mediaType =
    (request.headers['content-type'] ?? 'application/json').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const bytes = await readBytes(request)
  if (bytes.length === 0) return { mediaType, value: undefined }
  if (mediaType === mediaTypes.protobuf) return { mediaType, value: decodeObjectMessage(bytes) }
  const isYaml = yamlTypes.includes(mediaType)
  if (!isYaml && !jsonTypes.includes(mediaType))
    throw unsupportedMediaType(mediaType, [...jsonTypes, ...yamlTypes, mediaTypes.protobuf])
  const text = bytes.toString('utf8')
  const value = isYaml ? parseYaml(text) : parseJson(text)
  checkShape(value, 0)
  return { mediaType, value }
}

async function readBytes(request: HttpRequest): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes: Buffer = chunk
    size += bytes.length
    if (size > maxBodyBytes) throw tooLarge(maxBodyBytes)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badRequest(
      `couldn't parse the body as JSON: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function parseYaml(text: string): Json {
  // kubectl sends JSON under the YAML media type; that path is much faster.
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  try {
    const document = parseDocument(text, { schema: 'core', prettyErrors: false })
    const [problem] = document.errors
    if (problem !== undefined) throw problem
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    // Also what would expand to something huge, and what nests too deep for the parser.
    throw badRequest(
      `couldn't parse the body as YAML: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** Refuses depth that would exhaust the stack, and the one key that is no ordinary member of a JavaScript object. */
function checkShape(value: Json | undefined, depth: number): void {
  if (depth > maxDepth) throw badRequest(`the body nests deeper than ${maxDepth} levels`)
  if (Array.isArray(value)) {
    for (const member of value) checkShape(member, depth + 1)
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (key === '__proto__') throw badRequest('"__proto__" is not allowed as a key')
      checkShape(value[key], depth + 1)
    }
  }
}
