/** A number as the kernel reads it from memory: keys of arrays, endpoint ids. */
export function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}
