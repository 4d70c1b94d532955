import { type Json, type JsonObject, numberAt, textAt } from '../json.ts'
import { ageColumn, nameColumn, since } from './format.ts'
import { parseJsonPath } from './json-path.ts'
import type { TableColumn, TableColumns } from './types.ts'

const types: readonly TableColumn['type'][] = ['string', 'integer', 'number', 'boolean', 'date']

/** The columns of a custom resource: its name and its additionalPrinterColumns, or its age when it has none. */
export function customColumns(definitions: readonly JsonObject[]): TableColumns {
  if (definitions.length === 0) return [nameColumn, ageColumn]
  return [nameColumn, ...definitions.map(customColumn)]
}

function customColumn(definition: JsonObject): TableColumn {
  const type = types.find((known) => known === definition.type) ?? 'string'
  const path = parseJsonPath(textAt(definition, 'jsonPath'))
  return {
    name: textAt(definition, 'name'),
    // A date is shown as how long ago it was, which is a text.
    type: type === 'date' ? 'string' : type,
    format: textAt(definition, 'format'),
    description: textAt(definition, 'description'),
    priority: numberAt(definition, 'priority') ?? 0,
    cell: (object, nowMs) => cellOf(path?.(object) ?? [], type, nowMs),
  }
}

function cellOf(found: readonly (Json | undefined)[], type: TableColumn['type'], nowMs: number): Json {
  const [first] = found
  if (first === undefined || first === null) return null
  if (type === 'date') return since(String(first), nowMs)
  if (type !== 'string') return first
  const texts = found.map((value) => (typeof value === 'string' ? value : JSON.stringify(value ?? null)))
  return texts.join(',')
}
