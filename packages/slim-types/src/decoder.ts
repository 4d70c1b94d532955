import type { JsonShape } from './json-shape.ts'
import type { ObjectIdentity } from './meta.ts'
import type { MessageBytes } from './protobuf.ts'

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
  /** From the parsed JSON of the object. Throws DecodeError when it is not what the kind says. */
  fromJson: (value: unknown) => T
  identify: (row: T) => ObjectIdentity
  /** Whether two states of an object are the same to us; resourceVersions may differ. */
  equals: (a: T, b: T) => boolean
}>
