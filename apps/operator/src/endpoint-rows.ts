import { jsonDecoder } from '@axoneme/k8s-watchers'
import { type Decoder, type Interner, objectKey, podDecoder, type SlimPod } from '@axoneme/slim-types'
import { createTable, type WritableTable } from '@axoneme/tables'
import { z } from 'zod'

// The little that the collection of CiliumEndpoints needs of 100,000 pods and their endpoints.

export type PodPresence = Readonly<{
  namespace: string
  name: string
  resourceVersion: string
  /** All its containers have ended, for good. */
  isOver: boolean
}>

export type CiliumEndpointRow = Readonly<{
  metadata: Readonly<{ name: string; namespace: string; uid: string; resourceVersion: string }>
  /** It belongs to something that is no pod. */
  ownedByOther: boolean
}>

export function isPodOver(phase: string): boolean {
  return phase === 'Succeeded' || phase === 'Failed'
}

export function podPresenceDecoder(interner: Interner): Decoder<PodPresence> {
  const { fromProtobuf, fromJson, jsonShape, kind, apiVersion, resource } = podDecoder(interner)
  return {
    ...{ kind, apiVersion, resource },
    ...(fromProtobuf === undefined ? {} : { fromProtobuf: (message) => presenceOf(fromProtobuf(message)) }),
    jsonShape,
    fromJson: (value) => presenceOf(fromJson(value)),
    identify: (row) => ({ key: objectKey(row), resourceVersion: row.resourceVersion }),
    equals: (a, b) => a.isOver === b.isOver,
  }
}

function presenceOf({ namespace, name, resourceVersion, phase }: SlimPod): PodPresence {
  return { namespace, name, resourceVersion, isOver: isPodOver(phase) }
}

export function createPodPresenceTable(): WritableTable<PodPresence> {
  return createTable<PodPresence>({
    name: 'pod-presence',
    key: objectKey,
    equals: (a, b) => a.isOver === b.isOver,
  })
}

const endpointSchema = z
  .object({
    metadata: z.object({
      name: z.string().min(1),
      namespace: z.string().min(1),
      uid: z.string().min(1),
      resourceVersion: z.string(),
      ownerReferences: z.array(z.object({ kind: z.string() })).nullish(),
    }),
  })
  .transform(
    ({ metadata: { ownerReferences, ...metadata } }): CiliumEndpointRow => ({
      metadata,
      ownedByOther: ownerReferences?.some(({ kind }) => kind !== 'Pod') === true,
    }),
  )

const equalEndpoints = (a: CiliumEndpointRow, b: CiliumEndpointRow) =>
  a.metadata.uid === b.metadata.uid && a.ownedByOther === b.ownedByOther

export const ciliumEndpointDecoder: Decoder<CiliumEndpointRow> = jsonDecoder<CiliumEndpointRow>({
  kind: 'CiliumEndpoint',
  apiVersion: 'cilium.io/v2',
  resource: 'ciliumendpoints',
  parse: (value) => endpointSchema.parse(value),
  equals: equalEndpoints,
})

export function createCiliumEndpointTable(): WritableTable<CiliumEndpointRow> {
  return createTable<CiliumEndpointRow>({
    name: 'ciliumendpoints',
    key: (row) => objectKey(row.metadata),
    equals: equalEndpoints,
  })
}
