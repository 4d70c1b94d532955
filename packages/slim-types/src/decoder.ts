import type { RowsByHash } from '@axoneme/key-hash'
import type { JsonShape } from './json-shape.ts'
import type { ObjectIdentity } from './meta.ts'
import type { MessageBytes } from './protobuf.ts'
import type { ResourceVersion } from './resource-version.ts'

/** A message of an object, and what is known of it between being expected and being decoded. */
export type ExpectedMessage = MessageBytes & {
  /** Of the object's key. */
  keyHash: number
  /** Where the object's uid stands, or what comes instead; 0 where the key could not be read. */
  uidAt: number
}

/** Decodes the objects of a watch, of which earlier states may be known. */
export type Updates<T> = Readonly<{
  /** Says that a message will be decoded, before the bytes are gone. */
  expect(message: ExpectedMessage): void
  /** Asks memory for what is known of all that was expected. */
  recall(): void
  /** What is equal is shared with the known state. What is returned is overwritten by the next call. */
  decode(message: ExpectedMessage): DecodedObject<T>
}>

/** An object as a watch has it. */
export type DecodedObject<T> = Readonly<{
  resourceVersion: ResourceVersion
  row: T
  /** What was known of the same object: `row` itself where they differ in nothing but their resourceVersion. */
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
  /** The same for objects of which an earlier state may be known. */
  updatesFromProtobuf?: (known: RowsByHash<T>) => Updates<T>
  /** From the parsed JSON of the object. Throws DecodeError when it is not what the kind says. */
  fromJson: (value: unknown) => T
  identify: (row: T) => ObjectIdentity
  /** Whether two states of an object are the same to us; resourceVersions may differ. */
  equals: (a: T, b: T) => boolean
}>
