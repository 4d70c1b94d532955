import { badRequest, methodNotAllowed, notSupported, unknownPath } from '../errors.ts'
import { at, isObject } from '../json.ts'
import type { ActionSubresource } from '../resources/types.ts'
import { bindPod, finalizeNamespace } from '../verbs/actions.ts'
import { deleteObject } from '../verbs/remove.ts'
import { getObject } from '../verbs/update.ts'
import { readBody } from './body.ts'
import { parseDeleteOptions } from './delete-options.ts'
import { type Exchange, sendJson } from './exchange.ts'
import type { ResourceDeps } from './resources.ts'
import type { ResourceRoute } from './route.ts'

const unsupportedActions: Partial<Record<ActionSubresource, string>> = {
  log: 'logs: pods of the sandbox run no containers and write no logs',
  exec: "exec: pods of the sandbox run no containers; use `./dev sandbox exec` to run a command in a pod's network namespace",
  attach: 'attach: pods of the sandbox run no containers',
  portforward:
    "port-forward: not served by the sandbox; pods are reachable from their node's network namespace",
  proxy: 'proxy: not served by the sandbox',
  token: 'service account tokens are not issued by the sandbox',
}

/** Subresources that are actions on an object. */
export async function serveAction(
  { context }: Pick<ResourceDeps, 'context'>,
  exchange: Exchange,
  route: ResourceRoute & { name: string; action: string },
): Promise<void> {
  const { type, namespace, name } = route
  const target = { namespace, name }
  const action = type.actions.find((known) => known === route.action.split('/', 1)[0])
  if (action === undefined) throw unknownPath()
  const current = getObject(context, type, target)
  const why = unsupportedActions[action]
  if (why !== undefined) throw notSupported(`${type.plural} "${name}": ${why}`)
  if (exchange.method !== (action === 'finalize' ? 'PUT' : 'POST'))
    throw methodNotAllowed(type, exchange.method)
  const { value: body = null } = await readBody(exchange.request)
  switch (action) {
    case 'binding':
      bindPod(context, type, { ...target, body })
      sendJson(exchange, 201, success)
      return
    case 'eviction': {
      if (!isObject(body)) throw badRequest('the body of an eviction is an Eviction')
      const options = parseDeleteOptions(at(body, 'deleteOptions') ?? {}, exchange.query)
      deleteObject(context, type, { ...target, options })
      sendJson(exchange, 201, success)
      return
    }
    case 'finalize':
      sendJson(exchange, 200, finalizeNamespace(context, type, { ...target, body }))
      return
    default:
      throw notSupported(`${type.plural} "${current.metadata.name}": ${action} is not supported`)
  }
}

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
