import type { ResourceType } from '../resources/types.ts'
import type { ListResult } from '../verbs/list.ts'
import { listItem, listKind, listMeta } from './views.ts'

/** A list as JSON text, written in one pass over the items. */
export function encodeList(type: ResourceType, result: ListResult): string {
  const head = JSON.stringify({ ...listKind(type), metadata: listMeta(result) }).slice(0, -1)
  return `${head},"items":[${result.items.map((item) => JSON.stringify(listItem(type, item))).join(',')}]}\n`
}
