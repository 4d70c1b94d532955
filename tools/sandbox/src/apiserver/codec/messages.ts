import { messageTable } from './generated/messages.ts'

/**
 * The types of the built-in kinds: `message field:number:type ...`, named `GROUP.Name` (`core.Pod`, `autoscalingv2.…`).
 * `[]` is a repeated field, `{}` a map from strings. The generated table comes from one Kubernetes version; these are
 * fields that later ones have added.
 */
const laterFields = `
core.NodeStatus declaredFeatures:14:[]string
core.PodSpec hostnameOverride:41:string
core.PodStatus allocatedResources:19:{}Quantity resources:20:core.ResourceRequirements
`

/** Fields whose message has no member of its own in JSON: its fields are the parent's (Go's embedded structs). */
const inlinedFields: ReadonlySet<string> = new Set([
  'core.Probe.handler',
  'core.Volume.volumeSource',
  'core.PersistentVolumeSpec.persistentVolumeSource',
  'core.EphemeralContainer.ephemeralContainerCommon',
  'core.ConfigMapEnvSource.localObjectReference',
  'core.ConfigMapKeySelector.localObjectReference',
  'core.ConfigMapProjection.localObjectReference',
  'core.ConfigMapVolumeSource.localObjectReference',
  'core.SecretEnvSource.localObjectReference',
  'core.SecretKeySelector.localObjectReference',
  'core.SecretProjection.localObjectReference',
  'networking.IngressRule.ingressRuleValue',
])

export type WireField = Readonly<{
  name: string
  number: number
  /** A scalar, a well-known type, or the name of a message. */
  type: string
  shape: 'single' | 'list' | 'map'
  isInlined: boolean
}>

/** A type as JSON has it: every member with its type. */
export type JsonField = Readonly<Pick<WireField, 'type' | 'shape'>>

const messages: ReadonlyMap<string, readonly WireField[]> = parseTable(`${messageTable}\n${laterFields}`)
const jsonFields: ReadonlyMap<string, ReadonlyMap<string, JsonField>> = new Map(
  [...messages.keys()].map((message) => [message, new Map(jsonFieldsOf(message))]),
)

function parseTable(table: string): Map<string, WireField[]> {
  const parsed = new Map<string, WireField[]>()
  for (const line of table.split('\n').filter((text) => text !== '')) {
    const [message = '', ...fields] = line.split(' ')
    parsed.set(message, [
      ...(parsed.get(message) ?? []),
      ...fields.map((field) => parseField(message, field)),
    ])
  }
  return parsed
}

function parseField(message: string, text: string): WireField {
  const [name = '', number = '', type = ''] = text.split(':')
  const shape = type.startsWith('[]') ? 'list' : type.startsWith('{}') ? 'map' : 'single'
  return {
    name,
    number: Number(number),
    type: shape === 'single' ? type : type.slice(2),
    shape,
    isInlined: inlinedFields.has(`${message}.${name}`),
  }
}

function jsonFieldsOf(message: string): [string, JsonField][] {
  return (messages.get(message) ?? []).flatMap(({ name, type, shape, isInlined }): [string, JsonField][] =>
    isInlined ? jsonFieldsOf(type) : [[name, { type, shape }]],
  )
}

/** The message of a built-in kind, or undefined where the kind has none (custom resources and their definitions). */
export function messageOfKind({
  group,
  version,
  kind,
}: {
  group: string
  version: string
  kind: string
}): string | undefined {
  const name = group === '' ? 'core' : (group.split('.', 1)[0] ?? '')
  const message = `${name}${version === 'v1' ? '' : version}.${kind}`
  return messages.has(message) ? message : undefined
}

export function messageNames(): IterableIterator<string> {
  return messages.keys()
}

/** The fields on the wire, in the order of their numbers; undefined for what is no message. */
export function wireFields(message: string): readonly WireField[] | undefined {
  return messages.get(message)
}

/** The members in JSON; undefined for what is no message. */
export function jsonMembers(message: string): ReadonlyMap<string, JsonField> | undefined {
  return jsonFields.get(message)
}
