import { Writer } from 'protobufjs/minimal.js'
import { describe, expect, it } from 'vitest'
import { bookmarkFromJson, readBookmark } from './bookmark.ts'
import { decodeMessage, wholeMessage } from './protobuf.ts'

/** A message whose first field is an ObjectMeta with these annotations. */
function encode(annotations: Readonly<Record<string, string>>): Uint8Array {
  const text = (writer: Writer, field: number, value: string) => writer.uint32((field << 3) | 2).string(value)
  const writer = Writer.create()
    .uint32((1 << 3) | 2)
    .fork()
  text(writer, 6, '9')
  for (const [key, value] of Object.entries(annotations)) {
    const entry = writer.uint32((12 << 3) | 2).fork()
    text(entry, 1, key)
    text(entry, 2, value).ldelim()
  }
  return writer.ldelim().finish()
}

describe('whether a bookmark ends the initial events', () => {
  it.each([
    { annotations: {}, endsInitialEvents: false },
    { annotations: { 'k8s.io/initial-events-end': 'false', other: 'true' }, endsInitialEvents: false },
    { annotations: { other: '', 'k8s.io/initial-events-end': 'true' }, endsInitialEvents: true },
  ])('$annotations: $endsInitialEvents', ({ annotations, endsInitialEvents }) => {
    const expected = { resourceVersion: '9', endsInitialEvents }
    expect(bookmarkFromJson({ metadata: { resourceVersion: '9', annotations } })).toEqual(expected)
    expect(decodeMessage('bookmark', wholeMessage(encode(annotations)), readBookmark)).toEqual(expected)
  })
})
