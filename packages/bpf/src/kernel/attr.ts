import { addressOf } from '@axoneme/syscalls'

/** Names of kernel objects: 15 of these characters and a NUL (BPF_OBJ_NAME_LEN). */
const objectNameLength = 15

/** The name as the kernel takes it: forbidden characters become `_`, the end is cut off. */
function kernelObjectName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.]/g, '_').slice(0, objectNameLength)
}

export function readObjectName(buffer: Buffer, offset: number): string {
  const end = buffer.indexOf(0, offset)
  return buffer.toString('latin1', offset, end === -1 ? offset + objectNameLength : end)
}

/** Fills a `union bpf_attr` field by field. */
export class BpfAttr {
  /** What it points to lives as long as these bytes do: whoever holds them for a call need hold nothing else. */
  readonly bytes: Buffer
  readonly #pointedTo: Buffer[] = []

  constructor(size: number) {
    this.bytes = Object.assign(Buffer.alloc(size), { pointedTo: this.#pointedTo })
  }

  u32(offset: number, value: number): this {
    this.bytes.writeUInt32LE(value >>> 0, offset)
    return this
  }

  u64(offset: number, value: bigint): this {
    this.bytes.writeBigUInt64LE(value, offset)
    return this
  }

  /** An empty buffer is a null pointer. */
  pointer(offset: number, to: Buffer): this {
    if (to.length === 0) return this
    this.#pointedTo.push(to)
    return this.u64(offset, addressOf(to))
  }

  text(offset: number, text: string): this {
    return this.pointer(offset, Buffer.from(`${text}\0`))
  }

  name(offset: number, name: string): this {
    this.bytes.write(kernelObjectName(name), offset, 'latin1')
    return this
  }
}
