import {
  K8sApiError,
  type K8sClient,
  type K8sRequest,
  type K8sStream,
  resourcePath,
} from '@axoneme/k8s-client'
import {
  type Decoder,
  decodeMetadataList,
  jsonMediaType,
  type MetadataList,
  metadataListMediaType,
  protobufMediaType,
  type WireFormat,
  wireFormatOf,
} from '@axoneme/slim-types'

/** Which objects of a kind are wanted. */
export type ResourceSelection = Readonly<{
  /** All namespaces without it. */
  namespace?: string | undefined
  fieldSelector?: string | undefined
  labelSelector?: string | undefined
}>

/** The calls for one collection, in the best format that the server has for it. */
export type ResourceSource = {
  readonly resource: string
  list(options: CallOptions): Promise<{ format: WireFormat; body: Buffer }>
  /** `read` hands over what arrives, valid only during the call. */
  watch(options: CallOptions): Promise<{ format: WireFormat; read: K8sStream['read'] }>
  /** A list that carries no more of the objects than their metadata. */
  metadata(options: CallOptions): Promise<MetadataList>
  /** Whether a selector applies: then no server counts what it leaves out of a page. */
  readonly isSelective: boolean
}

type CallOptions = Readonly<{ query: NonNullable<K8sRequest['query']>; signal: AbortSignal }>

export function createResourceSource({
  client,
  decoder,
  selection,
  protobuf,
}: {
  client: K8sClient
  decoder: Pick<Decoder<unknown>, 'apiVersion' | 'resource' | 'fromProtobuf'>
  selection: ResourceSelection
  /** Whether to ask for protobuf where the decoder has it. */
  protobuf: boolean
}): ResourceSource {
  const { apiVersion, resource } = decoder
  const path = resourcePath({ apiVersion, resource, namespace: selection.namespace })
  const selectors = { fieldSelector: selection.fieldSelector, labelSelector: selection.labelSelector }
  let accept =
    protobuf && decoder.fromProtobuf !== undefined ? `${protobufMediaType}, ${jsonMediaType}` : jsonMediaType

  /** A server that knows no protobuf for this resource may refuse instead of falling back: then JSON it is. */
  async function acceptable<R>(call: (accept: string) => Promise<R>): Promise<R> {
    try {
      return await call(accept)
    } catch (error) {
      if (!(error instanceof K8sApiError && error.status === 406) || accept === jsonMediaType) throw error
      accept = jsonMediaType
      return call(accept)
    }
  }

  return {
    resource,
    isSelective: Object.values(selectors).some((selector) => (selector ?? '') !== ''),
    async metadata({ query, signal }) {
      const { body } = await client.request({
        ...{ method: 'GET', path, query: { ...selectors, ...query } },
        ...{ accept: metadataListMediaType, signal },
      })
      return decodeMetadataList(body)
    },
    async list({ query, signal }) {
      const { headers, body } = await acceptable((accept) =>
        client.request({ method: 'GET', path, query: { ...selectors, ...query }, accept, signal }),
      )
      return { format: wireFormatOf(headers['content-type']), body }
    },
    async watch({ query, signal }) {
      const { headers, read } = await acceptable((accept) =>
        client.stream({
          method: 'GET',
          path,
          query: { ...selectors, ...query, watch: true },
          accept,
          signal,
        }),
      )
      return { format: wireFormatOf(headers['content-type']), read }
    },
  }
}
