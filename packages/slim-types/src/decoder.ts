import type { KeyBytes } from '@axoneme/key-hash'
import type { JsonShape } from './json-shape.ts'
import type { ObjectIdentity } from './meta.ts'
import type { MessageBytes } from './protobuf.ts'
import type { ResourceVersion } from './resource-version.ts'

/** What is known of an object: the row of its key, which is ASCII, if that is the one that is meant. */
export type Recall<T> = (key: KeyBytes, isIt: (row: T) => boolean) => T | undefined

/** An object as a watch has it. */
export type DecodedObject<T> = Readonly<{
  resourceVersion: ResourceVersion
  row: T
  /** What was recalled of the same object: `row` itself, or something that differs from it. */
  known: T | undefined
}>

/** How one kind of object becomes a row. `T` holds only the fields that are acted on. */
export type Decoder<T> = Readonly<{
  kind: string
  /** `group/version`, or the version alone for the core group. */
  apiVersion: string
  /** The plural name in paths. */
  resource: string
  /** From the message of the object, without envelope. Absent where the server has no protobuf (custom resources). */
  fromProtobuf?: (message: MessageBytes) => T
  /** What `fromJson` wants of the object; `resourceShape` adds what every object is told by. */
  jsonShape: JsonShape
  /**
   * The same for objects of which an earlier state may be known: what is equal is shared with that. `row` is the known
   * one where they differ in nothing but their resourceVersion, which is beside it.
   */
  updatesFromProtobuf?: (recall: Recall<T>) => (message: MessageBytes) => DecodedObject<T>
  /** From the parsed JSON of the object. Throws DecodeError when it is not what the kind says. */
  fromJson: (value: unknown) => T
  identify: (row: T) => ObjectIdentity
  /** Whether two states of an object are the same to us; resourceVersions may differ. */
  equals: (a: T, b: T) => boolean
}>
