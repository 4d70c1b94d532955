import type { Json } from '../json.ts'
import { objectsAt, stringMapAt, stringsAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { TableColumn, TableColumns } from './types.ts'

/** `kubectl`'s short durations: 45s, 3m2s, 5h, 3d4h (k8s.io/apimachinery/pkg/util/duration.HumanDuration). */
export function humanDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`
  if (days < 365 * 2) return `${days}d`
  const years = Math.floor(days / 365)
  return days < 365 * 8 && days % 365 !== 0 ? `${years}y${days % 365}d` : `${years}y`
}

/** How long ago an RFC 3339 time was. */
export function since(time: string, nowMs: number): string {
  const at = Date.parse(time)
  return Number.isNaN(at) ? '<unknown>' : humanDuration(nowMs - at)
}

export const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  cell: (object) => object.metadata.name,
}

export const ageColumn: TableColumn = {
  name: 'Age',
  type: 'string',
  cell: (object, nowMs) => since(object.metadata.creationTimestamp, nowMs),
}

/** What a kind without columns of its own shows. */
export const plainColumns: TableColumns = [
  nameColumn,
  { name: 'Created At', type: 'date', cell: (object) => object.metadata.creationTimestamp },
]

export function column(
  name: string,
  cell: (object: KubeObject, nowMs: number) => Json,
  { wide = false, type = 'string' }: { wide?: boolean; type?: TableColumn['type'] } = {},
): TableColumn {
  return { name, type, cell, priority: wide ? 1 : 0 }
}

export function joinedOrNone(values: readonly string[], none = '<none>'): string {
  return values.length === 0 ? none : values.join(',')
}

/** A metav1.LabelSelector in the notation of label selectors. */
export function selectorText(selector: Json | undefined): string {
  const equalities = Object.entries(stringMapAt(selector, 'matchLabels')).map(
    ([key, value]) => `${key}=${value}`,
  )
  const expressions = objectsAt(selector, 'matchExpressions').map((expression) => {
    const key = textAt(expression, 'key')
    const values = `(${stringsAt(expression, 'values').join(',')})`
    switch (textAt(expression, 'operator')) {
      case 'In':
        return `${key} in ${values}`
      case 'NotIn':
        return `${key} notin ${values}`
      case 'DoesNotExist':
        return `!${key}`
      default:
        return key
    }
  })
  return joinedOrNone([...equalities.sort(), ...expressions])
}

export function mapText(map: Readonly<Record<string, string>>): string {
  return joinedOrNone(
    Object.entries(map)
      .map(([key, value]) => `${key}=${value}`)
      .sort(),
  )
}
