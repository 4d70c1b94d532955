import {
  type Decoder,
  equalsIgnoringVersion,
  type Interner,
  objectKey,
  podDecoder,
  type ResourceVersion,
  type SlimCiliumEndpoint,
  type SlimPod,
} from '@axoneme/slim-types'
import { createTable, type WritableTable } from '@axoneme/tables'

// The little that the collection of CiliumEndpoints needs of 100,000 pods and their endpoints.

export type PodPresence = Readonly<{
  namespace: string
  name: string
  resourceVersion: ResourceVersion
  /** All its containers have ended, for good. */
  isOver: boolean
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

export function createCiliumEndpointTable(): WritableTable<SlimCiliumEndpoint> {
  return createTable<SlimCiliumEndpoint>({
    name: 'ciliumendpoints',
    key: objectKey,
    equals: equalsIgnoringVersion,
  })
}
