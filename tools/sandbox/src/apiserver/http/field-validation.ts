import { checkTypes } from '../codec/type-check.ts'
import { badRequest } from '../errors.ts'
import { isObject, type Json } from '../json.ts'
import type { ResourceType } from '../resources/types.ts'
import type { Exchange } from './exchange.ts'

/**
 * The `fieldValidation` parameter: fields that a built-in kind does not have are refused (Strict), reported in a
 * Warning header (Warn, the default) or passed over (Ignore). Custom resources are not checked.
 */
export function validateFields(exchange: Exchange, type: ResourceType, body: Json): void {
  const directive = exchange.query.get('fieldValidation') ?? 'Warn'
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(directive))
    throw badRequest(
      `fieldValidation: Unsupported value: "${directive}": supported values: "Ignore", "Strict", "Warn"`,
    )
  if (type.schema === undefined || directive === 'Ignore' || !isObject(body)) return
  const unknown = checkTypes(type.schema, body).unknown.filter((path) => !isDirective(path))
  if (unknown.length === 0) return
  const texts = unknown.slice(0, 20).map((path) => `unknown field "${path}"`)
  if (directive === 'Strict')
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${texts.join(', ')}`,
    )
  exchange.response.setHeader(
    'warning',
    texts.map((text) => `299 - ${JSON.stringify(text.replace(/[^\x20-\x7e]/g, '?'))}`),
  )
}

/** `$patch`, `$setElementOrder/x`, … of strategic merge patches. */
function isDirective(path: string): boolean {
  return /(^|\.)\$/.test(path)
}
