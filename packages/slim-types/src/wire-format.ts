import { DecodeError, quoted } from './errors.ts'

/** How an apiserver wrote a body. */
export type WireFormat = 'protobuf' | 'json'

export const protobufMediaType = 'application/vnd.kubernetes.protobuf'
export const jsonMediaType = 'application/json'

/** The format that a Content-Type names; parameters such as `;stream=watch` do not matter. */
export function wireFormatOf(contentType: string | undefined): WireFormat {
  const mediaType = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (mediaType === protobufMediaType) return 'protobuf'
  if (mediaType === jsonMediaType) return 'json'
  throw new DecodeError(`an answer of the content type ${quoted(contentType ?? '')}`)
}
