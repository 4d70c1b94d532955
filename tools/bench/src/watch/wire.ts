import { Writer } from 'protobufjs/minimal.js'
import type { PodEvent, PodFormat, WirePod } from './cluster.ts'

/** The body of a list as an apiserver writes it. */
export function encodeList(
  pods: readonly WirePod[],
  {
    format,
    resourceVersion,
    continueToken,
  }: { format: PodFormat; resourceVersion: string; continueToken: string },
): Buffer {
  if (format === 'json') {
    const metadata = JSON.stringify({ resourceVersion, continue: continueToken || undefined })
    const items = pods.map((pod) => pod.json()).join(',')
    return Buffer.from(`{"kind":"PodList","apiVersion":"v1","metadata":${metadata},"items":[${items}]}\n`)
  }
  const list = Writer.create()
  list
    .uint32((1 << 3) | 2)
    .fork()
    .uint32((2 << 3) | 2)
    .string(resourceVersion)
    .uint32((3 << 3) | 2)
    .string(continueToken)
    .ldelim()
  for (const pod of pods) list.uint32((2 << 3) | 2).bytes(pod.protobuf())
  return enveloped('PodList', list.finish())
}

/** The frame of one event of a watch. */
export function encodeEvent({ type, pod }: PodEvent, format: PodFormat): Buffer {
  if (format === 'json') {
    const object = `{"kind":"Pod","apiVersion":"v1",${pod.json().slice(1)}`
    return Buffer.from(`{"type":"${type}","object":${object}}\n`)
  }
  const event = Writer.create()
    .uint32((1 << 3) | 2)
    .string(type)
    .uint32((2 << 3) | 2)
    .fork()
    .uint32((1 << 3) | 2)
    .bytes(enveloped('Pod', pod.protobuf()))
    .ldelim()
    .finish()
  const length = Buffer.alloc(4)
  length.writeUInt32BE(event.length)
  return Buffer.concat([length, event])
}

function enveloped(kind: string, raw: Uint8Array): Buffer {
  const unknown = Writer.create()
    .uint32((1 << 3) | 2)
    .fork()
    .uint32((1 << 3) | 2)
    .string('v1')
    .uint32((2 << 3) | 2)
    .string(kind)
    .ldelim()
    .uint32((2 << 3) | 2)
    .bytes(raw)
    // contentEncoding and contentType, empty but there, as an apiserver writes them.
    .uint32((3 << 3) | 2)
    .string('')
    .uint32((4 << 3) | 2)
    .string('')
    .finish()
  return Buffer.concat([Buffer.from('k8s\0'), unknown])
}
