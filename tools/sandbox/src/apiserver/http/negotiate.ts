import { notAcceptable } from '../errors.ts'

/** In which form the client wants the answer. */
export type Representation = Readonly<{
  encoding: 'json' | 'protobuf'
  /** Another kind in place of the object itself (metav1.Table, PartialObjectMetadata, their version). */
  as?: Readonly<{ kind: 'Table' | 'PartialObjectMetadata'; version: string }>
}>

export const mediaTypes = {
  json: 'application/json',
  protobuf: 'application/vnd.kubernetes.protobuf',
} as const

export type MediaRange = Readonly<{ type: string; parameters: Readonly<Record<string, string>> }>

export function parseAccept(header: string | undefined): MediaRange[] {
  return (header === undefined || header.trim() === '' ? '*/*' : header).split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const pairs = parameters.map((parameter) => {
      const [name = '', value = ''] = parameter.split('=', 2)
      return [name.toLowerCase(), value] as const
    })
    return { type: type.toLowerCase(), parameters: Object.fromEntries(pairs) }
  })
}

/** The first range of the Accept header, in its order, that can be served. Throws 406 when there is none. */
export function negotiate(
  header: string | undefined,
  { hasProtobuf, hasViews }: { hasProtobuf: boolean; hasViews: boolean },
): Representation {
  for (const { type, parameters } of parseAccept(header)) {
    const isJson = type === '*/*' || type === 'application/*' || type === mediaTypes.json
    const view = viewOf(parameters.as)
    if (parameters.as !== undefined) {
      // Views are JSON only; an unknown one leaves the choice to the next range.
      if (isJson && hasViews && view !== undefined && parameters.g === 'meta.k8s.io')
        return { encoding: 'json', as: { kind: view, version: parameters.v ?? 'v1' } }
      continue
    }
    if (isJson) return { encoding: 'json' }
    if (type === mediaTypes.protobuf && hasProtobuf) return { encoding: 'protobuf' }
  }
  throw notAcceptable(hasProtobuf ? Object.values(mediaTypes) : [mediaTypes.json])
}

function viewOf(as: string | undefined): 'Table' | 'PartialObjectMetadata' | undefined {
  if (as === 'Table') return 'Table'
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList'
    ? 'PartialObjectMetadata'
    : undefined
}
