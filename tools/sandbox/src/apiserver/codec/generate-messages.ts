import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { constants, gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs/minimal.js'

/**
 * Writes generated/messages.ts from a kubectl binary, which carries the descriptors of the API's protobuf messages:
 *
 *     node tools/sandbox/src/apiserver/codec/generate-messages.ts /usr/bin/kubectl
 *
 * Needed only when the API gets new fields that the sandbox should know.
 */

/** Packages whose kinds are served. */
const servedPackages = [
  'core/v1',
  'apps/v1',
  'batch/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'policy/v1',
  'networking/v1',
  'discovery/v1',
  'coordination/v1',
  'events/v1',
  'rbac/v1',
  'storage/v1',
  'scheduling/v1',
  'authorization/v1',
  'authentication/v1',
]
const scalarTypes: Readonly<Record<number, string>> = {
  1: 'double',
  3: 'int64',
  5: 'int32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
}
/** Messages that have a JSON form of their own; the codec knows them by these names. */
const wellKnown: Readonly<Record<string, string>> = {
  'meta.Time': 'Time',
  'meta.MicroTime': 'Time',
  'resource.Quantity': 'Quantity',
  'intstr.IntOrString': 'IntOrString',
  'meta.FieldsV1': 'FieldsV1',
  'runtime.RawExtension': 'RawExtension',
}

type Field = { name: string; number: number; isRepeated: boolean; type: number; typeName: string }
type Message = { name: string; fields: Field[]; mapEntries: Map<string, Field[]> }

function main(): void {
  const [, , kubectl] = process.argv
  if (kubectl === undefined) throw new Error('usage: generate-messages.ts KUBECTL')
  const messages = new Map(embeddedDescriptors(readFileSync(kubectl)).flatMap(readFile))
  const roots = [...messages.keys()].filter((name) =>
    servedPackages.some((served) => messages.get(name)?.name.startsWith(`${served}.`)),
  )
  const lines = reachable(messages, [...roots, 'meta.DeleteOptions', 'meta.Status'])
  const path = fileURLToPath(new URL('generated/messages.ts', import.meta.url))
  const head = '// Written by generate-messages.ts from the descriptors in a kubectl binary. Do not edit.\n\n'
  writeFileSync(path, `${head}export const messageTable = \`\n${lines.join('\n')}\n\`\n`)
}

/** The gzipped FileDescriptorProtos that generated Go code registers, found by their gzip headers. */
function embeddedDescriptors(binary: Buffer): Buffer[] {
  const found = new Map<string, Buffer>()
  for (
    let at = binary.indexOf('\x1f\x8b\x08', 0, 'latin1');
    at >= 0;
    at = binary.indexOf('\x1f\x8b\x08', at + 1, 'latin1')
  ) {
    const bytes = tryInflate(binary.subarray(at, at + 400_000))
    if (bytes === undefined || bytes[0] !== 0x0a) continue
    const name = bytes.subarray(2, 2 + (bytes[1] ?? 0)).toString()
    if (name.startsWith('k8s.io/') && name.endsWith('generated.proto')) found.set(name, bytes)
  }
  return [...found.values()]
}

function tryInflate(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch (error) {
    // Most places that look like a header are none.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) return undefined
    throw error
  }
}

/** `k8s.io.api.core.v1` is `core/v1`, and its messages are `core.X`; v2 of a group is `GROUPv2.X`. */
function shortNames(packageName: string): { served: string; prefix: string } {
  const [version = '', group = ''] = packageName.split('.').reverse()
  if (/^v\d+$/.test(version))
    return { served: `${group}/${version}`, prefix: version === 'v1' ? group : `${group}${version}` }
  return { served: version, prefix: version }
}

function messageName(typeName: string): string {
  const parts = typeName.replace(/^\./, '').split('.')
  const name = parts.pop() ?? ''
  return `${shortNames(parts.join('.')).prefix}.${name}`
}

function readFile(bytes: Buffer): [string, Message][] {
  const file = readMessage(bytes)
  const packageName = textOf(file, 2)
  const { served, prefix } = shortNames(packageName)
  // Only the API itself and what it uses: not the betas, nor other APIs with the same group names.
  if (/\.v\d+(alpha|beta)\d+$/.test(packageName) || packageName.includes('.metrics.')) return []
  return (file.get(4) ?? []).map((entry) => {
    const message = readMessage(entry)
    const name = textOf(message, 1)
    const mapEntries = new Map(
      (message.get(3) ?? []).map(readMessage).map((nested) => [textOf(nested, 1), fieldsOf(nested)]),
    )
    return [`${prefix}.${name}`, { name: `${served}.${name}`, fields: fieldsOf(message), mapEntries }]
  })
}

function fieldsOf(message: Map<number, Buffer[]>): Field[] {
  return (message.get(2) ?? []).map(readMessage).map((field) => ({
    name: textOf(field, 1),
    number: numberOf(field, 3),
    isRepeated: numberOf(field, 4) === 3,
    type: numberOf(field, 5),
    typeName: textOf(field, 6),
  }))
}

/** Fields by number; varints as their decimal text. */
function readMessage(bytes: Buffer): Map<number, Buffer[]> {
  const reader = protobuf.Reader.create(bytes)
  const fields = new Map<number, Buffer[]>()
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const value =
      (tag & 7) === 2
        ? Buffer.from(reader.bytes())
        : (tag & 7) === 0
          ? Buffer.from(String(reader.uint64()))
          : undefined
    if (value === undefined) reader.skipType(tag & 7)
    else fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value])
  }
  return fields
}

function textOf(message: Map<number, Buffer[]>, number: number): string {
  return message.get(number)?.[0]?.toString() ?? ''
}

function numberOf(message: Map<number, Buffer[]>, number: number): number {
  return Number(textOf(message, number))
}

/** A line for each message that the roots lead to. */
function reachable(messages: ReadonlyMap<string, Message>, roots: readonly string[]): string[] {
  const lines = new Map<string, string>()
  const pending = [...roots]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const message = messages.get(name)
    // Lists are all alike: metadata is 1, items are 2.
    if (
      message === undefined ||
      lines.has(name) ||
      name in wellKnown ||
      (name.endsWith('List') && message.fields.length === 2)
    )
      continue
    const fields = message.fields
      .toSorted((a, b) => a.number - b.number)
      .map((field) => {
        const entry = message.mapEntries.get(field.typeName.split('.').pop() ?? '')
        const value = entry?.find(({ number }) => number === 2) ?? field
        const type = scalarTypes[value.type] ?? messageName(value.typeName)
        if (scalarTypes[value.type] === undefined) pending.push(type)
        const shape = entry !== undefined ? '{}' : field.isRepeated ? '[]' : ''
        return `${field.name}:${field.number}:${shape}${wellKnown[type] ?? type}`
      })
    lines.set(name, [name, ...fields].join(' '))
  }
  return [...lines.values()].sort()
}

main()
