import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs/light.js'

/** Of two messages with one name, discovery/v1's is the one that is decoded here. */
const isUsed = ([group, message]: readonly string[]) =>
  !(group === 'core/v1' && message?.startsWith('Endpoint'))

const scalars = new Set(['string', 'bool', 'int32', 'int64', 'bytes'])

/** The messages of k8s-wire-fields.tsv as protobufjs' own reflection knows them: an encoder that is not ours. */
export function loadWireSchema(): (message: string) => protobuf.Type {
  const file = new URL('../../../../../shared/data/wire/k8s-wire-fields.tsv', import.meta.url)
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t') as [string, string, string, string, string])
    .filter(isUsed)
  const root = new protobuf.Root()
  const types = new Map<string, protobuf.Type>()
  for (const [, message] of rows) {
    if (types.has(message)) continue
    const type = new protobuf.Type(message)
    types.set(message, type)
    root.add(type)
  }
  for (const [, message, field, number, type] of rows) {
    const definition = fieldOf(field, Number(number), type)
    if (definition !== undefined) types.get(message)?.add(definition)
  }
  return (message) => {
    const type = types.get(message)
    if (type === undefined) throw new Error(`the schema has no message ${message}`)
    return type
  }

  /** Undefined for fields of messages that the file does not describe. */
  function fieldOf(
    name: string,
    number: number,
    text: string,
  ): protobuf.Field | protobuf.MapField | undefined {
    const map = /^map<string, (.*)>$/.exec(text)
    const repeated = /^repeated (.*)$/.exec(text)
    const type = (map?.[1] ?? repeated?.[1] ?? text).replace(/^.*\./, '')
    if (!scalars.has(type) && !types.has(type)) return undefined
    if (map !== null) return new protobuf.MapField(name, number, 'string', type)
    return new protobuf.Field(name, number, type, repeated === null ? undefined : 'repeated')
  }
}
