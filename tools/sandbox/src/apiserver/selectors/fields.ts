import { badRequest } from '../errors.ts'
import { at } from '../json.ts'
import type { KubeObject } from '../object.ts'

export type FieldRequirement = Readonly<{ field: string; equals: boolean; value: string }>

/** The `fieldSelector` query parameter: `f=v`, `f==v`, `f!=v`, joined by commas; backslash escapes `,`, `=` and itself. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return splitUnescaped(text)
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^([^=!\\]+)(==|=|!=)(.*)$/s.exec(part)
      if (match === null) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`)
      const [, field = '', sign = '', value = ''] = match
      return { field: field.trim(), equals: sign !== '!=', value: value.replace(/\\([\\,=])/g, '$1') }
    })
}

function splitUnescaped(text: string): string[] {
  const parts = ['']
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? ''
    if (char === ',') parts.push('')
    else if (char === '\\') parts.push((parts.pop() ?? '') + char + (text[++i] ?? ''))
    else parts.push((parts.pop() ?? '') + char)
  }
  return parts
}

/** Whether the object has the values; refuses fields that `selectable` does not name, as the API does. */
export function fieldMatcher(
  requirements: readonly FieldRequirement[],
  selectable: readonly string[],
): (object: KubeObject) => boolean {
  for (const { field } of requirements) {
    if (field !== 'metadata.name' && field !== 'metadata.namespace' && !selectable.includes(field))
      throw badRequest(`field label not supported: ${field}`)
  }
  const checks = requirements.map(({ field, equals, value }) => {
    const path = field.split('.')
    return (object: KubeObject) => (fieldText(object, path) === value) === equals
  })
  return (object) => checks.every((check) => check(object))
}

function fieldText(object: KubeObject, path: readonly string[]): string {
  const value = at(object, ...path)
  return value === undefined || value === null ? '' : String(value)
}
