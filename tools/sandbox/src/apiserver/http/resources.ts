import type { Logger } from '@axoneme/log'
import { badRequest, methodNotAllowed, unknownPath } from '../errors.ts'
import type { Faults } from '../faults.ts'
import type { KubeObject } from '../object.ts'
import type { ResourceType, Verb } from '../resources/types.ts'
import type { VerbContext } from '../verbs/context.ts'
import { createObject } from '../verbs/create.ts'
import { type ListRequest, listObjects, type Selection } from '../verbs/list.ts'
import { recordUpdate } from '../verbs/managed-fields.ts'
import { patchObject } from '../verbs/patch.ts'
import { deleteObject } from '../verbs/remove.ts'
import { scaleOf, updateScale } from '../verbs/scale.ts'
import { getObject, updateObject } from '../verbs/update.ts'
import { serveAction } from './actions.ts'
import { readBody } from './body.ts'
import { deletedStatus, readDeleteOptions } from './delete-options.ts'
import type { Encoders } from './encode.ts'
import { type Exchange, isTrue, sendBytes, sendJson } from './exchange.ts'
import { validateFields } from './field-validation.ts'
import type { ResourceRoute } from './route.ts'
import { serveWatch, type WatchSettings } from './watch.ts'

export type ResourceDeps = Readonly<{
  context: VerbContext
  encoders: Encoders
  faults: Faults
  watchSettings: WatchSettings
  log: Logger
}>

/** Answers a request for a resource. Throws ApiError before the answer has begun. */
export async function serveResource(
  deps: ResourceDeps,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const { type, name, subresource } = route
  if (name === undefined) return serveCollection(deps, exchange, route)
  if (subresource !== undefined && subresource !== 'status' && subresource !== 'scale')
    return serveAction(deps, exchange, { ...route, name, action: subresource })
  if ((subresource === 'status' && !type.hasStatus) || (subresource === 'scale' && type.scale === undefined))
    throw unknownPath()
  return serveOne(deps, exchange, { ...route, name, subresource })
}

async function serveCollection(deps: ResourceDeps, exchange: Exchange, route: ResourceRoute): Promise<void> {
  const { type, namespace } = route
  const { context, encoders } = deps
  const { query } = exchange
  const encoder = encoders.for(type, { accept: exchange.request.headers.accept, query })
  switch (exchange.method) {
    case 'GET': {
      const selection = selectionOf(query, namespace)
      if (isTrue(query, 'watch')) {
        requireVerb(type, 'watch')
        serveWatch({ ...deps, settings: deps.watchSettings }, { exchange, type, selection, encoder })
        return
      }
      requireVerb(type, 'list')
      const result = listObjects(context, type, listRequestOf(query, selection))
      sendBytes(exchange, { code: 200, contentType: encoder.contentType, body: encoder.list(result) })
      return
    }
    case 'POST': {
      requireVerb(type, 'create')
      const { value = null } = await readBody(exchange.request)
      if (type.namespaced && namespace === '') throw unknownPath()
      validateFields(exchange, type, value)
      const created = createObject(context, type, { namespace, body: value, dryRun: isDryRun(query) })
      sendBytes(exchange, { code: 201, contentType: encoder.contentType, body: encoder.object(created) })
      return
    }
    case 'DELETE': {
      requireVerb(type, 'deletecollection')
      const options = await readDeleteOptions(exchange)
      const result = listObjects(context, type, listRequestOf(query, selectionOf(query, namespace)))
      for (const { metadata } of result.items)
        deleteObject(context, type, { namespace: metadata.namespace ?? '', name: metadata.name, options })
      sendBytes(exchange, { code: 200, contentType: encoder.contentType, body: encoder.list(result) })
      return
    }
    default:
      throw methodNotAllowed(type, exchange.method)
  }
}

type OneRoute = ResourceRoute & Readonly<{ name: string; subresource: 'status' | 'scale' | undefined }>

async function serveOne(deps: ResourceDeps, exchange: Exchange, route: OneRoute): Promise<void> {
  const { type, namespace, name, subresource } = route
  const { context, encoders } = deps
  const { query } = exchange
  const target = { namespace, name }
  const encoder = encoders.for(type, { accept: exchange.request.headers.accept, query })
  // A Scale is another kind: it has no other form than JSON.
  const send = (code: number, object: KubeObject) =>
    subresource === 'scale'
      ? sendJson(exchange, code, object)
      : sendBytes(exchange, { code, contentType: encoder.contentType, body: encoder.object(object) })
  switch (exchange.method) {
    case 'GET': {
      requireVerb(type, 'get')
      const object = getObject(context, type, target)
      send(200, subresource === 'scale' && type.scale !== undefined ? scaleOf(type.scale, object) : object)
      return
    }
    case 'PUT': {
      requireVerb(type, 'update')
      const { value: body = null } = await readBody(exchange.request)
      const dryRun = isDryRun(query)
      if (subresource !== 'scale') validateFields(exchange, type, body)
      if (subresource === 'scale' && type.scale !== undefined) {
        send(200, updateScale(context, type, { ...target, scale: type.scale, body, dryRun }))
        return
      }
      const updated = updateObject(context, type, {
        ...target,
        body,
        dryRun,
        ...(subresource === 'status' ? { subresource } : {}),
        managedFields: (next, old) =>
          recordUpdate({ type, next, old, manager: fieldManagerOf(exchange), now: context.now() }),
      })
      send(200, updated)
      return
    }
    case 'PATCH': {
      requireVerb(type, 'patch')
      const { mediaType, value: patch } = await readBody(exchange.request)
      if (patch === undefined) throw badRequest('a patch has a body')
      if (subresource !== 'scale') validateFields(exchange, type, patch)
      const { object, isNew } = patchObject(context, type, {
        ...target,
        mediaType,
        patch,
        dryRun: isDryRun(query),
        fieldManager: mediaType.includes('apply')
          ? (query.get('fieldManager') ?? '')
          : fieldManagerOf(exchange),
        force: isTrue(query, 'force'),
        ...(subresource === undefined ? {} : { subresource }),
      })
      send(isNew ? 201 : 200, object)
      return
    }
    case 'DELETE': {
      requireVerb(type, 'delete')
      if (subresource !== undefined) throw methodNotAllowed(type, exchange.method)
      const options = await readDeleteOptions(exchange)
      const { object, isGone } = deleteObject(context, type, { ...target, options })
      // Of what a kubelet runs, clients get the last state; of the rest only that it is gone.
      if (isGone && type.strategy.gracePeriodSeconds === undefined)
        sendJson(exchange, 200, deletedStatus(type, object))
      else send(200, object)
      return
    }
    default:
      throw methodNotAllowed(type, exchange.method)
  }
}

function requireVerb(type: ResourceType, verb: Verb): void {
  if (!type.verbs.includes(verb)) throw methodNotAllowed(type, verb)
}

function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun')
  if (values.some((value) => value !== 'All'))
    throw badRequest('dryRun: Unsupported value: supported values: "All"')
  return values.length > 0
}

/** Who writes: as it says, or the program's name as its user agent begins. */
function fieldManagerOf({ query, request }: Exchange): string {
  const asked = query.get('fieldManager')
  if (asked !== null && asked !== '') return asked.slice(0, 128)
  return (request.headers['user-agent'] ?? 'unknown').split('/', 1)[0]?.slice(0, 128) ?? 'unknown'
}

function selectionOf(query: URLSearchParams, namespace: string): Selection {
  return {
    namespace,
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
  }
}

function listRequestOf(query: URLSearchParams, selection: Selection): ListRequest {
  const limit = query.get('limit') ?? ''
  if (!/^\d{0,9}$/.test(limit)) throw badRequest(`invalid limit ${JSON.stringify(limit)}`)
  const match = query.get('resourceVersionMatch')
  if (match !== null && match !== 'Exact' && match !== 'NotOlderThan')
    throw badRequest('resourceVersionMatch: Unsupported value: supported values: "Exact", "NotOlderThan"')
  const continueToken = query.get('continue')
  return {
    ...selection,
    limit: Number(limit),
    resourceVersion: query.get('resourceVersion') ?? '',
    ...(continueToken === null || continueToken === '' ? {} : { continueToken }),
    ...(match === null ? {} : { resourceVersionMatch: match }),
  }
}
