import type { Json } from '../json.ts'
import type { KubeObject } from '../object.ts'

/** One column of a server-side table (metav1.TableColumnDefinition); priority > 0 shows with `-o wide` only. */
export type TableColumn = Readonly<{
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  format?: string
  description?: string
  priority?: number
  cell: (object: KubeObject, nowMs: number) => Json
}>

export type TableColumns = readonly TableColumn[]
