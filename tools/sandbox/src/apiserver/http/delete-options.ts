import { z } from 'zod'
import { badRequest } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { DeleteOptions, ResourceType } from '../resources/types.ts'
import { readBody } from './body.ts'
import type { Exchange } from './exchange.ts'

const policies = ['Orphan', 'Background', 'Foreground'] as const

const optionsSchema = z.object({
  gracePeriodSeconds: z.number().int().nullish(),
  orphanDependents: z.boolean().nullish(),
  propagationPolicy: z.enum(policies).nullish(),
  preconditions: z.object({ uid: z.string().nullish(), resourceVersion: z.string().nullish() }).nullish(),
  dryRun: z.array(z.literal('All')).nullish(),
})

/** metav1.DeleteOptions from the body and, for old clients, from the query. */
export async function readDeleteOptions(exchange: Exchange): Promise<DeleteOptions> {
  const { value } = await readBody(exchange.request)
  return parseDeleteOptions(value ?? {}, exchange.query)
}

export function parseDeleteOptions(value: unknown, query: URLSearchParams): DeleteOptions {
  const fromQuery: Record<string, unknown> = {}
  const grace = query.get('gracePeriodSeconds')
  if (grace !== null) fromQuery.gracePeriodSeconds = Number(grace)
  const policy = query.get('propagationPolicy')
  if (policy !== null) fromQuery.propagationPolicy = policy
  if (query.has('dryRun')) fromQuery.dryRun = query.getAll('dryRun')
  const parsed = optionsSchema.safeParse({ ...fromQuery, ...(typeof value === 'object' ? value : {}) })
  if (!parsed.success) throw badRequest(`invalid DeleteOptions: ${z.prettifyError(parsed.error)}`)
  const { gracePeriodSeconds, orphanDependents, propagationPolicy, preconditions, dryRun } = parsed.data
  const orphan = orphanDependents === true ? 'Orphan' : undefined
  const propagation = propagationPolicy ?? orphan
  return {
    ...(typeof gracePeriodSeconds === 'number' ? { gracePeriodSeconds } : {}),
    ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
    preconditions: {
      ...(typeof preconditions?.uid === 'string' ? { uid: preconditions.uid } : {}),
      ...(typeof preconditions?.resourceVersion === 'string'
        ? { resourceVersion: preconditions.resourceVersion }
        : {}),
    },
    dryRun: (dryRun ?? []).length > 0,
  }
}

/** The Status that answers a deletion which is complete. */
export function deletedStatus(type: ResourceType, object: KubeObject): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata.name,
      ...(type.group === '' ? {} : { group: type.group }),
      kind: type.plural,
      uid: object.metadata.uid,
    },
  }
}
