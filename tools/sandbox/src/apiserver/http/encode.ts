import { EncodedObjects, type EventType } from '../codec/encoded-objects.ts'
import { encodeList } from '../codec/json.ts'
import { messageOfKind } from '../codec/messages.ts'
import { encodeListMessage, encodeObjectMessage, encodeWatchFrame } from '../codec/protobuf.ts'
import {
  type IncludeObject,
  listMeta,
  partialMetadata,
  partialMetadataList,
  tableOf,
} from '../codec/views.ts'
import { badRequest } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { ResourceType } from '../resources/types.ts'
import type { ListResult } from '../verbs/list.ts'
import { mediaTypes, negotiate, type Representation } from './negotiate.ts'

/** Writes objects, lists and watch events of one resource in the form that a client asked for. */
export type Encoder = Readonly<{
  contentType: string
  watchContentType: string
  object: (object: KubeObject) => string | Buffer
  list: (result: ListResult) => string | Buffer
  event: (type: EventType, object: KubeObject) => string | Buffer
  /** An ERROR event with a metav1.Status. */
  errorEvent: (status: JsonObject) => string | Buffer
}>

/** Of each encoding. */
const limitBytes = 128 * 1024 * 1024

/** Makes encoders that share what they have encoded. */
export class Encoders {
  readonly #json = new EncodedObjects<string>({
    limitBytes,
    object: (object) => JSON.stringify(object),
    event: jsonEvent,
  })
  readonly #protobuf = new EncodedObjects<Buffer>({
    limitBytes,
    object: encodeObjectMessage,
    event: encodeWatchFrame,
  })
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Throws 406 when the client accepts nothing that can be served. */
  for(
    type: ResourceType,
    { accept, query }: { accept: string | undefined; query: URLSearchParams },
  ): Encoder {
    const representation = negotiate(accept, {
      hasProtobuf: messageOfKind(type) !== undefined,
      hasViews: true,
    })
    if (representation.encoding === 'protobuf') return this.#protobufEncoder(type)
    if (representation.as === undefined) return this.#jsonEncoder(type)
    return this.#viewEncoder(type, { as: representation.as, includeObject: includeObjectOf(query) })
  }

  #jsonEncoder(type: ResourceType): Encoder {
    return {
      contentType: mediaTypes.json,
      watchContentType: mediaTypes.json,
      object: (object) => `${this.#json.of(object)}\n`,
      list: (result) => encodeList(type, result),
      event: (event, object) =>
        event === 'BOOKMARK' ? jsonEvent(event, JSON.stringify(object)) : this.#json.event(event, object),
      errorEvent: jsonErrorEvent,
    }
  }

  #protobufEncoder(type: ResourceType): Encoder {
    return {
      contentType: mediaTypes.protobuf,
      watchContentType: `${mediaTypes.protobuf};stream=watch`,
      object: (object) => this.#protobuf.of(object),
      list: (result) => encodeListMessage(type, result),
      event: (event, object) =>
        event === 'BOOKMARK'
          ? encodeWatchFrame(event, encodeObjectMessage(object))
          : this.#protobuf.event(event, object),
      errorEvent: (status) => encodeWatchFrame('ERROR', encodeObjectMessage(status)),
    }
  }

  #viewEncoder(
    type: ResourceType,
    { as, includeObject }: { as: NonNullable<Representation['as']>; includeObject: IncludeObject },
  ): Encoder {
    const { kind, version } = as
    const table = (objects: readonly KubeObject[], metadata: JsonObject, withColumns = true): JsonObject =>
      tableOf(type, { objects, metadata, version, includeObject, nowMs: this.#now(), withColumns })
    const view = (object: KubeObject): JsonObject =>
      kind === 'Table'
        ? table([object], { resourceVersion: object.metadata.resourceVersion })
        : partialMetadata(object, version)
    const listView = (result: ListResult): JsonObject =>
      kind === 'Table' ? table(result.items, listMeta(result)) : partialMetadataList(result, version)
    let isFirst = true
    const eventView = (event: EventType, object: KubeObject): JsonObject => {
      if (kind !== 'Table') return partialMetadata(object, version)
      const withColumns = isFirst
      isFirst = false
      const metadata = { resourceVersion: object.metadata.resourceVersion }
      return table(event === 'BOOKMARK' ? [] : [object], metadata, withColumns)
    }
    return {
      contentType: mediaTypes.json,
      watchContentType: mediaTypes.json,
      object: (object) => `${JSON.stringify(view(object))}\n`,
      list: (result) => `${JSON.stringify(listView(result))}\n`,
      event: (event, object) => `${JSON.stringify({ type: event, object: eventView(event, object) })}\n`,
      errorEvent: jsonErrorEvent,
    }
  }
}

function jsonEvent(type: EventType, encoded: string): string {
  return `{"type":"${type}","object":${encoded}}\n`
}

function jsonErrorEvent(status: JsonObject): string {
  return `${JSON.stringify({ type: 'ERROR', object: status })}\n`
}

function includeObjectOf(query: URLSearchParams): IncludeObject {
  const asked = query.get('includeObject')
  if (asked === null || asked === '') return 'Metadata'
  if (asked === 'None' || asked === 'Metadata' || asked === 'Object') return asked
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(asked)}`)
}
