import { badRequest, expired, tooLargeResourceVersion } from '../errors.ts'
import { type KubeObject, keyOf, labelsOf } from '../object.ts'
import type { ResourceType } from '../resources/types.ts'
import { fieldMatcher, parseFieldSelector } from '../selectors/fields.ts'
import { parseLabelSelector } from '../selectors/labels.ts'
import type { Interest } from '../store/field-index.ts'
import { collectionOf, toServed, type VerbContext } from './context.ts'
import { decodeContinue, encodeContinue } from './continue.ts'

export type Selection = Readonly<{ namespace: string; labelSelector?: string; fieldSelector?: string }>

export type ListRequest = Selection &
  Readonly<{
    limit?: number
    continueToken?: string
    resourceVersion?: string
    resourceVersionMatch?: 'Exact' | 'NotOlderThan'
  }>

export type ListResult = Readonly<{
  items: readonly KubeObject[]
  /** The state that the items are of; a watch from here misses nothing. */
  revision: number
  continueToken?: string
  /** How many items follow; unknown when selectors apply. */
  remaining?: number
}>

/** A predicate over served objects; refuses selectors that do not parse. */
export function selectionMatcher(type: ResourceType, selection: Selection): (object: KubeObject) => boolean {
  const { namespace, labelSelector = '', fieldSelector = '' } = selection
  const matchesLabels = parseLabelSelector(labelSelector)
  const matchesFields = fieldMatcher(parseFieldSelector(fieldSelector), type.selectableFields)
  return (object) =>
    (namespace === '' || object.metadata.namespace === namespace) &&
    (labelSelector === '' || matchesLabels(labelsOf(object))) &&
    (fieldSelector === '' || matchesFields(object))
}

/**
 * One page, or all. Pages of one list are of one state of the collection; when its history is forgotten the list has
 * to start again (410).
 */
export function listObjects(context: VerbContext, type: ResourceType, request: ListRequest): ListResult {
  const collection = collectionOf(context, type)
  const matches = selectionMatcher(type, request)
  const page = request.continueToken === undefined ? undefined : decodeContinue(request.continueToken)
  if (
    page !== undefined &&
    request.resourceVersion !== undefined &&
    !['', '0'].includes(request.resourceVersion)
  )
    throw badRequest('specifying resource version is not allowed when using continue')
  const revision = page === undefined || page.revision < 0 ? revisionOf(context, request) : page.revision
  const interest = interestOf(type, request)
  const all =
    interest !== undefined && collection.isAt(revision)
      ? collection.matching(interest)
      : collection.at(revision)
  if (all === undefined) throw expiredList(request, page?.lastKey)
  const start = page === undefined ? 0 : firstAfter(all, page.lastKey)
  const isFiltered = (request.labelSelector ?? '') !== '' || (request.fieldSelector ?? '') !== ''
  // A list of resourceVersion 0 comes from the watch cache of a real apiserver, which knows no pages.
  const limit = request.resourceVersion === '0' ? 0 : (request.limit ?? 0)
  const items: KubeObject[] = []
  for (let i = start; i < all.length; i++) {
    const object = all[i]
    if (object === undefined) continue
    const served = toServed(type, object)
    if (!matches(served)) continue
    if (limit > 0 && items.length === limit)
      return pageEnd({
        items,
        all,
        next: i,
        revision,
        isFiltered,
        matches,
        type,
        namespace: request.namespace,
      })
    items.push(served)
  }
  return { items, revision }
}

function pageEnd({
  items,
  all,
  next,
  revision,
  isFiltered,
  matches,
  type,
  namespace,
}: {
  items: readonly KubeObject[]
  all: readonly KubeObject[]
  next: number
  revision: number
  isFiltered: boolean
  matches: (object: KubeObject) => boolean
  type: ResourceType
  namespace: string
}): ListResult {
  const last = items.at(-1)
  const continueToken = encodeContinue({ revision, lastKey: last === undefined ? '' : keyOf(last) })
  if (isFiltered) return { items, revision, continueToken }
  const rest = all.length - next
  const remaining =
    namespace === '' ? rest : all.slice(next).filter((object) => matches(toServed(type, object))).length
  return { items, revision, continueToken, remaining }
}

function revisionOf(context: VerbContext, request: ListRequest): number {
  const { resourceVersion = '', resourceVersionMatch } = request
  if (resourceVersionMatch !== undefined && resourceVersion === '')
    throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided')
  if (resourceVersionMatch === 'Exact' && resourceVersion === '0')
    throw badRequest('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  const asked = parseRevision(resourceVersion)
  const current = context.store.revision
  if (asked > current) throw tooLargeResourceVersion(asked, current)
  const isExact =
    resourceVersionMatch === 'Exact' ||
    (resourceVersionMatch === undefined && asked > 0 && (request.limit ?? 0) > 0)
  return isExact ? asked : current
}

/** A resourceVersion parameter; absent or empty is 0. */
export function parseRevision(text: string): number {
  if (text === '') return 0
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`invalid resource version ${JSON.stringify(text)}`)
  return Number(text)
}

/** What a field selector asks of one field, if it does: few objects have to be looked at then. */
export function interestOf(type: ResourceType, { fieldSelector = '' }: Selection): Interest | undefined {
  // The fields of what is converted are elsewhere in the store.
  if (type.storedAs !== undefined) return undefined
  const asked = parseFieldSelector(fieldSelector).find(({ equals, value }) => equals && value !== '')
  return asked && { field: asked.field, value: asked.value }
}

function firstAfter(objects: readonly KubeObject[], key: string): number {
  let low = 0
  let high = objects.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const object = objects[middle]
    if (object !== undefined && keyOf(object) <= key) low = middle + 1
    else high = middle
  }
  return low
}

function expiredList(request: ListRequest, lastKey: string | undefined): Error {
  if (request.continueToken === undefined || lastKey === undefined)
    return expired(`The resourceVersion for the provided list is too old.`)
  return expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    encodeContinue({ revision: -1, lastKey }),
  )
}
