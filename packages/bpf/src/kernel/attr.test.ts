import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { BpfAttr } from './attr.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function attrOfTwo(): { bytes: Buffer; pointedTo: WeakRef<Buffer>[] } {
  const [first, second] = [Buffer.alloc(64), Buffer.alloc(64)]
  const { bytes } = new BpfAttr(32).pointer(0, first).pointer(8, second)
  return { bytes, pointedTo: [new WeakRef(first), new WeakRef(second)] }
}

describe('BpfAttr', () => {
  it('keeps alive what its bytes point to, also when only these are held during a call', async () => {
    const { bytes, pointedTo } = attrOfTwo()
    const { pointedTo: ofNobody } = attrOfTwo()
    // A WeakRef holds what it refers to until the turn ends.
    await setTimeout(1)
    collectGarbage()
    expect(ofNobody.map((reference) => reference.deref())).toEqual([undefined, undefined])
    expect(pointedTo.map((reference) => reference.deref()?.length)).toEqual([64, 64])
    expect(bytes.length).toBe(32)
  })

  it('has a null pointer for an empty buffer', () => {
    expect(new BpfAttr(8).pointer(0, Buffer.alloc(0)).bytes.equals(Buffer.alloc(8))).toBe(true)
  })
})
