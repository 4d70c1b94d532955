import { readFileSync } from 'node:fs'
import { openEnvelope, wholeMessage } from '@axoneme/slim-types'
import { Reader, Writer } from 'protobufjs/minimal.js'
import { z } from 'zod'
import { BenchError } from '../errors.ts'

/** What tells one pod, and one state of it, from another. Each is as long as what the capture has in its place. */
export type PodValues = Readonly<Record<PodVariable, string>>

const podVariables = [
  ...['suffix', 'templateHash', 'namespace', 'uid', 'ownerUid', 'nodeName', 'hostIP'],
  ...['podIPv4', 'podIPv6', 'containerHash', 'resourceVersion'],
] as const
type PodVariable = (typeof podVariables)[number]

/** A real pod with holes, in both of the forms that an apiserver has for it. */
export type PodTemplate = Readonly<{
  /** What the capture has in the holes. */
  original: PodValues
  /** Without kind and apiVersion, as in a list. */
  json(values: PodValues): string
  /** The message alone, as in a list. */
  protobuf(values: PodValues): Buffer
}>

/** As versions of a cluster that has run for a while; those of the capture have three digits. */
const firstVersion = '100000000'

const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    generateName: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    labels: z.object({ 'pod-template-hash': z.string() }),
    ownerReferences: z.tuple([z.object({ uid: z.string() })]),
  }),
  spec: z.object({ nodeName: z.string() }),
  status: z.object({
    hostIP: z.string(),
    podIPs: z.tuple([z.object({ ip: z.string() }), z.object({ ip: z.string() })]),
    containerStatuses: z.tuple([z.object({ containerID: z.string() })]),
  }),
})

/** The pods of the captured list. Throws BenchError where the captures are not. */
export function readPodTemplates(): PodTemplate[] {
  const { items } = z.object({ items: z.array(z.unknown()) }).parse(JSON.parse(capture('json').toString()))
  const messages = messagesOf(capture('pb'))
  return items.map((item, i) => templateOf(item, messages[i] as Uint8Array))
}

function capture(suffix: string): Buffer {
  const file = new URL(`../../../../../shared/data/wire/pods.list.${suffix}`, import.meta.url)
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new BenchError('read the captures of an apiserver', {
      cause,
      hint: 'they are data/wire of the directory shared beside the project',
    })
  }
}

function templateOf(item: unknown, message: Uint8Array): PodTemplate {
  const { metadata, spec, status } = podSchema.parse(item)
  const original: PodValues = {
    suffix: metadata.name.slice(metadata.generateName.length),
    templateHash: metadata.labels['pod-template-hash'],
    namespace: metadata.namespace,
    uid: metadata.uid,
    ownerUid: metadata.ownerReferences[0].uid,
    nodeName: spec.nodeName,
    hostIP: status.hostIP,
    podIPv4: status.podIPs[0].ip,
    podIPv6: status.podIPs[1].ip,
    containerHash: status.containerStatuses[0].containerID.replace(/^.*:\/\//, ''),
    resourceVersion: firstVersion,
  }
  const widened = { ...(item as object), metadata: { ...metadataOf(item), resourceVersion: firstVersion } }
  // Of these two the text may occur as a part of another one: what is in front tells.
  const json = withHoles(JSON.stringify(widened), original, {
    namespace: '"namespace":"',
    resourceVersion: '"resourceVersion":"',
  })
  const protobuf = withHoles(withVersion(message, firstVersion).toString('latin1'), original, {
    namespace: '\x1a\x07',
    resourceVersion: '2\x09',
  })
  return { original, json, protobuf: (values) => Buffer.from(protobuf(values), 'latin1') }
}

function metadataOf(item: unknown): object {
  return z.object({ metadata: z.looseObject({}) }).parse(item).metadata
}

/** A function that puts other values where `text` has the original ones. */
function withHoles(
  text: string,
  original: PodValues,
  prefixes: Partial<Record<PodVariable, string>>,
): (values: PodValues) => string {
  const holes = podVariables.flatMap((variable) => {
    const prefix = prefixes[variable] ?? ''
    const found: { variable: PodVariable; at: number }[] = []
    const wanted = prefix + original[variable]
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
      found.push({ variable, at: at + prefix.length })
    }
    if (found.length === 0) throw new BenchError(`a captured pod has its ${variable} nowhere`)
    return found
  })
  holes.sort((a, b) => a.at - b.at)
  const literals: string[] = []
  let end = 0
  for (const { variable, at } of holes) {
    if (at < end) throw new BenchError(`the ${variable} of a captured pod overlaps another value`)
    literals.push(text.slice(end, at))
    end = at + original[variable].length
  }
  const tail = text.slice(end)
  return (values) => {
    let filled = ''
    for (const [i, { variable }] of holes.entries()) {
      const value = values[variable]
      if (value.length !== original[variable].length) {
        throw new BenchError(`a ${variable} of another length: ${JSON.stringify(value)}`)
      }
      filled += literals[i] + value
    }
    return filled + tail
  }
}

/** The messages of a protobuf list. */
function messagesOf(list: Buffer): Uint8Array[] {
  const reader = Reader.create(messageIn(list))
  const messages: Uint8Array[] = []
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === ((2 << 3) | 2)) messages.push(reader.bytes())
    else reader.skipType(tag & 7)
  }
  return messages
}

function messageIn(envelope: Buffer): Uint8Array {
  const { bytes, start, end } = openEnvelope(wholeMessage(envelope))
  return bytes.subarray(start, end)
}

/** The message of an object with another resourceVersion in its metadata. */
function withVersion(message: Uint8Array, resourceVersion: string): Buffer {
  return replaceField(message, 1, (metadata) => replaceField(metadata, 6, () => Buffer.from(resourceVersion)))
}

function replaceField(message: Uint8Array, field: number, replace: (bytes: Uint8Array) => Buffer): Buffer {
  const reader = Reader.create(message)
  const writer = Writer.create()
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    if (tag === ((field << 3) | 2)) writer.uint32(tag).bytes(replace(reader.bytes()))
    else {
      reader.skipType(tag & 7)
      writer.raw(message.subarray(start, reader.pos))
    }
  }
  return Buffer.from(writer.finish())
}
