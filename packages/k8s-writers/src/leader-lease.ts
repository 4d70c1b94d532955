import {
  createJson,
  getJson,
  K8sApiError,
  type K8sClient,
  patchJson,
  resourcePath,
} from '@axoneme/k8s-client'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'

// coordination.k8s.io/v1 Lease, the parts that leader election uses.

export type LeaseRecord = Readonly<{
  /** Who leads; empty: nobody. */
  holder: string
  /** How long others must leave the holder alone after each renewal. Undefined where the object does not say. */
  durationMs: number | undefined
  /** RFC 3339. For people only: clocks of different machines are not compared. */
  acquireTime: string
  renewTime: string
  /** How often the holder changed. */
  transitions: number
}>

export type StoredLease = Readonly<{ record: LeaseRecord; resourceVersion: string }>

type CallOptions = Readonly<{ signal: AbortSignal; timeoutMs: number }>

/** One Lease. A write happens only if nobody else wrote since `resourceVersion`; otherwise it gives 'conflict'. */
export type LeaderLease = {
  read(options: CallOptions): Promise<StoredLease | undefined>
  create(record: LeaseRecord, options: CallOptions): Promise<StoredLease | 'conflict'>
  replace(
    record: LeaseRecord,
    options: CallOptions & Readonly<{ resourceVersion: string }>,
  ): Promise<StoredLease | 'conflict'>
}

const storedSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string().min(1) }),
  spec: z
    .looseObject({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.int().min(1).nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.int().min(0).nullish(),
    })
    .nullish(),
})

export function createLeaderLease({
  client,
  namespace,
  name,
}: {
  client: K8sClient
  namespace: string
  name: string
}): LeaderLease {
  const place = { apiVersion: 'coordination.k8s.io/v1', resource: 'leases', namespace }
  const [collection, path] = [resourcePath(place), resourcePath({ ...place, name })]

  function parse(body: unknown): StoredLease {
    const parsed = storedSchema.safeParse(body)
    if (parsed.success) return storedLease(parsed.data)
    throw new CodedError('LEADER_LEASE', `read Lease ${namespace}/${name}`, {
      cause: parsed.error,
      hint: 'delete it: it is made anew',
      retryable: true,
    })
  }

  return {
    async read(options) {
      const body = await unlessStatus([404], () => getJson(client, path, options))
      return body === undefined ? undefined : parse(body)
    },
    async create(record, options) {
      const body = {
        apiVersion: place.apiVersion,
        kind: 'Lease',
        metadata: { name, namespace },
        spec: specOf(record),
      }
      const stored = await unlessStatus([409], () => createJson(client, collection, { ...options, body }))
      return stored === undefined ? 'conflict' : parse(stored)
    },
    async replace(record, { resourceVersion, ...options }) {
      const body = { metadata: { resourceVersion }, spec: specOf(record) }
      // 404: somebody deleted it, so whatever was known of it no longer counts.
      const stored = await unlessStatus([404, 409], () =>
        patchJson(client, path, { ...options, type: 'merge', body }),
      )
      return stored === undefined ? 'conflict' : parse(stored)
    },
  }
}

function storedLease({ metadata, spec }: z.infer<typeof storedSchema>): StoredLease {
  const seconds = spec?.leaseDurationSeconds
  return {
    resourceVersion: metadata.resourceVersion,
    record: {
      holder: spec?.holderIdentity ?? '',
      durationMs: typeof seconds === 'number' ? seconds * 1000 : undefined,
      acquireTime: spec?.acquireTime ?? '',
      renewTime: spec?.renewTime ?? '',
      transitions: spec?.leaseTransitions ?? 0,
    },
  }
}

function specOf({ holder, durationMs, acquireTime, renewTime, transitions }: LeaseRecord): object {
  return {
    holderIdentity: holder,
    leaseDurationSeconds: durationMs === undefined ? null : Math.max(1, Math.round(durationMs / 1000)),
    acquireTime: microTime(acquireTime),
    renewTime: microTime(renewTime),
    leaseTransitions: transitions,
  }
}

/** The API's MicroTime has six digits below the second. */
function microTime(text: string): string | null {
  return text === '' ? null : text.replace(/\.(\d{3})Z$/, '.$1000Z')
}

async function unlessStatus<T>(statuses: readonly number[], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof K8sApiError && statuses.includes(error.status)) return undefined
    throw error
  }
}
