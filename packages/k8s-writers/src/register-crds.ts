import { retryDelays, sharedIntervals } from '@axoneme/backoff'
import { createJson, getJson, K8sApiError, type K8sClient, patchJson } from '@axoneme/k8s-client'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'
import { ciliumEndpointDefinition } from './crds/cilium-endpoint.ts'
import { ciliumIdentityDefinition } from './crds/cilium-identity.ts'
import { ciliumNodeDefinition } from './crds/cilium-node.ts'
import {
  customResourceDefinition,
  definitionName,
  type ResourceDefinition,
  schemaVersion,
  schemaVersionLabel,
} from './crds/definition.ts'

/** The cluster cannot serve one of our custom resources. */
export class CustomResourceError extends CodedError {
  constructor(message: string, options: { hint?: string; retryable: boolean; cause?: unknown }) {
    super('CUSTOM_RESOURCE', message, options)
  }
}

const collection = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

const definitions: readonly ResourceDefinition[] = [
  ciliumNodeDefinition,
  ciliumIdentityDefinition,
  ciliumEndpointDefinition,
]

/**
 * Makes the cluster serve our custom resources, and resolves when it does. Definitions that are missing are created;
 * those of an older version of ours are replaced; those of a newer version, or of somebody else (a Cilium that was
 * here before), are left as they are. Idempotent, and safe beside another operator.
 */
export async function registerCustomResourceDefinitions({
  client,
  signal,
}: {
  client: K8sClient
  signal: AbortSignal
}): Promise<void> {
  await Promise.all(
    definitions.map(async (definition) => {
      await writeDefinition(client, definition, signal)
      await untilEstablished(client, definition, signal)
    }),
  )
}

/** Resolves when the cluster serves our custom resources, whoever registers them. Writes nothing. */
export async function customResourcesServed({
  client,
  signal,
}: {
  client: K8sClient
  signal: AbortSignal
}): Promise<void> {
  await Promise.all(definitions.map((definition) => untilEstablished(client, definition, signal)))
}

const storedSchema = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).optional() }),
  status: z
    .looseObject({
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() }))
        .nullish(),
    })
    .optional(),
})

type StoredDefinition = z.infer<typeof storedSchema>

async function writeDefinition(
  client: K8sClient,
  definition: ResourceDefinition,
  signal: AbortSignal,
): Promise<void> {
  const body = customResourceDefinition(definition)
  const stored = await read(client, definition, signal)
  if (stored === undefined) {
    try {
      await createJson(client, collection, { body, signal })
    } catch (error) {
      // Another operator was faster; what it wrote is judged like anything else that is there.
      if (!(error instanceof K8sApiError && error.status === 409)) throw error
      await writeDefinition(client, definition, signal)
    }
    return
  }
  if (!isOlder(stored)) return
  const { metadata, spec } = body
  const patch = { metadata: { labels: metadata.labels }, spec }
  await patchJson(client, pathOf(definition), { type: 'merge', body: patch, signal })
}

/** Whether a definition is ours and from before this version. */
function isOlder({ metadata }: StoredDefinition): boolean {
  const label = metadata.labels?.[schemaVersionLabel]
  return label !== undefined && /^\d{1,9}$/.test(label) && Number(label) < schemaVersion
}

async function untilEstablished(
  client: K8sClient,
  definition: ResourceDefinition,
  signal: AbortSignal,
): Promise<void> {
  for await (const _ of retryDelays({ ...sharedIntervals.customResourceServed.retry, signal })) {
    const stored = await read(client, definition, signal)
    const conditions = stored?.status?.conditions ?? []
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return
    const refusal = conditions.find(({ type, status }) => type === 'NamesAccepted' && status === 'False')
    if (refusal !== undefined) {
      throw new CustomResourceError(
        `register ${definitionName(definition)}: ${refusal.message ?? 'refused'}`,
        {
          retryable: false,
          hint: 'another custom resource has one of its names: remove that one',
        },
      )
    }
  }
}

async function read(
  client: K8sClient,
  definition: ResourceDefinition,
  signal: AbortSignal,
): Promise<StoredDefinition | undefined> {
  try {
    return storedSchema.parse(await getJson(client, pathOf(definition), { signal }))
  } catch (error) {
    if (error instanceof K8sApiError && error.status === 404) return undefined
    if (error instanceof z.ZodError) {
      throw new CustomResourceError(`read ${definitionName(definition)}`, { cause: error, retryable: false })
    }
    throw error
  }
}

function pathOf(definition: ResourceDefinition): string {
  return `${collection}/${definitionName(definition)}`
}
