import {
  anyJson,
  DecodeError,
  type Decoder,
  type JsonShape,
  objectKey,
  resourceVersionOf,
} from '@axoneme/slim-types'

/** The metadata that an object must have to be kept in a table. */
export type ObjectWithMetadata = Readonly<{
  metadata: Readonly<{ name: string; namespace?: string | undefined; resourceVersion?: string | undefined }>
}>

/**
 * A decoder that keeps what `parse` makes of the JSON, for what no decoder of slim-types reads. `parse` gets what the
 * server sent, apiVersion and kind excepted in lists, as far as `jsonShape` wants it (everything by default), and throws
 * when it is not acceptable (a zod schema's `parse` fits). Objects are equal when their resourceVersions are, unless `equals` says otherwise.
 */
export function jsonDecoder<T extends ObjectWithMetadata>({
  kind,
  apiVersion,
  resource,
  jsonShape = anyJson,
  parse,
  equals = (a, b) =>
    a.metadata.resourceVersion !== undefined && a.metadata.resourceVersion === b.metadata.resourceVersion,
}: {
  kind: string
  /** `group/version`, or the version alone for the core group. */
  apiVersion: string
  /** The plural name. */
  resource: string
  /** Of `resourceShape`. */
  jsonShape?: JsonShape
  parse: (value: unknown) => T
  equals?: (a: T, b: T) => boolean
}): Decoder<T> {
  return {
    kind,
    apiVersion,
    resource,
    jsonShape,
    fromJson: (value) => {
      try {
        return parse(value)
      } catch (error) {
        throw new DecodeError(`decode ${kind}`, { cause: error })
      }
    },
    identify: ({ metadata }) => ({
      key: objectKey({ name: metadata.name, namespace: metadata.namespace ?? '' }),
      resourceVersion: resourceVersionOf(metadata.resourceVersion ?? ''),
    }),
    equals,
  }
}
