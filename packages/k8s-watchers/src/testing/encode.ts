// Just enough protobuf to serve pods: the other side of what slim-types decodes.

export type TestPod = Readonly<{
  name: string
  namespace: string
  resourceVersion: string
  labels: Readonly<Record<string, string>>
  nodeName: string
  /** Of a bookmark: that the initial events end with it. */
  endsInitialEvents?: boolean
}>

const initialEventsEnd = { 'k8s.io/initial-events-end': 'true' }

/** Stands for a node name that is no string, in JSON. */
export const brokenNodeName = '(a number)'

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}

function envelope(kind: string, raw: Buffer): Buffer {
  const typeMeta = Buffer.concat([field(1, 'v1'), field(2, kind)])
  return Buffer.concat([Buffer.from('k8s\0'), field(1, typeMeta), field(2, raw)])
}

function podMessage(pod: TestPod): Buffer {
  const entries = (number: number, map: Readonly<Record<string, string>>) =>
    Object.entries(map).map(([key, value]) => field(number, Buffer.concat([field(1, key), field(2, value)])))
  const meta = [
    ...[field(1, pod.name), field(3, pod.namespace), field(6, pod.resourceVersion)],
    ...entries(11, pod.labels),
    ...entries(12, pod.endsInitialEvents === true ? initialEventsEnd : {}),
  ]
  return Buffer.concat([field(1, Buffer.concat(meta)), field(2, field(10, pod.nodeName))])
}

function podJson(pod: TestPod): object {
  const { name, namespace, resourceVersion, labels, nodeName } = pod
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...{ name, namespace, resourceVersion, labels },
      ...(pod.endsInitialEvents === true ? { annotations: initialEventsEnd } : {}),
    },
    spec: { nodeName: nodeName === brokenNodeName ? 7 : nodeName },
  }
}

export type TestList = Readonly<{ items: readonly TestPod[]; resourceVersion: string; continueToken: string }>

export function encodeList(list: TestList, protobuf: boolean): Buffer {
  const { items, resourceVersion, continueToken } = list
  if (!protobuf) {
    const metadata = { resourceVersion, continue: continueToken }
    return Buffer.from(
      JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata, items: items.map(podJson) }),
    )
  }
  const meta = Buffer.concat([field(2, resourceVersion), field(3, continueToken)])
  return envelope(
    'PodList',
    Buffer.concat([field(1, meta), ...items.map((pod) => field(2, podMessage(pod)))]),
  )
}

/** A frame of a watch; `object` is a pod, or a Status. */
export function encodeEvent(
  type: string,
  object: TestPod | { code: number; reason: string },
  protobuf: boolean,
): Buffer {
  if (!protobuf) {
    const body = 'code' in object ? { kind: 'Status', ...object } : podJson(object)
    return Buffer.from(`${JSON.stringify({ type, object: body })}\n`)
  }
  const enveloped =
    'code' in object
      ? envelope('Status', Buffer.concat([field(4, object.reason), varint(6 << 3), varint(object.code)]))
      : envelope('Pod', podMessage(object))
  const event = Buffer.concat([field(1, type), field(2, field(1, enveloped))])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(event.length)
  return Buffer.concat([length, event])
}
