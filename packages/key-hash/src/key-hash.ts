// A hash for tables in memory, 32 bits with their sign. The seed is the owner's secret, so that nobody outside knows which
// keys collide. Two halves take words of four bytes in turns: each step of one waits only for the step before in its half.

/** A key among other bytes. */
export type KeyBytes = Readonly<{ view: DataView; start: number; end: number }>

/** Those of a text that is ASCII. */
export function keyBytesOf(text: string): KeyBytes {
  const view = new DataView(new TextEncoder().encode(text).buffer)
  return { view, start: 0, end: view.byteLength }
}

/** The text that a key in ASCII is. */
export function textOfKey({ view, start, end }: KeyBytes): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1', start, end)
}

export function hashOfBytes({ view, start, end }: KeyBytes, seed: number): number {
  let one = seed ^ (end - start)
  let other = seed
  let at = start
  for (; at + 8 <= end; at += 8) {
    one = mixed(one ^ view.getInt32(at, true))
    other = mixed(other ^ view.getInt32(at + 4, true))
  }
  for (; at + 4 <= end; at += 4) one = mixed(one ^ view.getInt32(at, true))
  for (; at < end; at++) other = mixed(other ^ view.getUint8(at))
  return mixed(one ^ (other << 16) ^ (other >>> 16))
}

/** The same number as for the bytes of the text where it is ASCII. */
export function hashOfText(text: string, seed: number): number {
  const end = text.length
  let one = seed ^ end
  let other = seed
  let at = 0
  for (; at + 8 <= end; at += 8) {
    one = mixed(one ^ wordAt(text, at))
    other = mixed(other ^ wordAt(text, at + 4))
  }
  for (; at + 4 <= end; at += 4) one = mixed(one ^ wordAt(text, at))
  for (; at < end; at++) other = mixed(other ^ text.charCodeAt(at))
  return mixed(one ^ (other << 16) ^ (other >>> 16))
}

function wordAt(text: string, at: number): number {
  const low = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8)
  return low | (text.charCodeAt(at + 2) << 16) | (text.charCodeAt(at + 3) << 24)
}

/** Each bit reaches all lower ones: places in tables are in these. */
function mixed(hash: number): number {
  const product = Math.imul(hash, 0x85ebca6b)
  return product ^ (product >>> 15)
}
