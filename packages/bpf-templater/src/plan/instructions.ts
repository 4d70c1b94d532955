/** The parts of a BPF instruction (Documentation/bpf/standardization/instruction-set.rst) that loading touches. */
export const instructionSize = 8

const opcodeLoadImmediate64 = 0x18
const opcodeCall = 0x85

/** Values of the source register that give an immediate another meaning (linux/bpf.h, BPF_PSEUDO_*). */
export const pseudo = { mapFd: 1, mapValue: 2, helper: 0, call: 1, kernelFunction: 2, function: 4 } as const

/** A view of a program's instructions, addressed by index. */
export class Instructions {
  readonly bytes: Buffer
  readonly length: number

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.length = bytes.length / instructionSize
  }

  /** A 64-bit load is two instructions long. */
  isLoadImmediate64(index: number): boolean {
    return this.bytes[index * instructionSize] === opcodeLoadImmediate64
  }

  isCall(index: number): boolean {
    return this.bytes[index * instructionSize] === opcodeCall
  }

  source(index: number): number {
    return this.bytes.readUInt8(index * instructionSize + 1) >> 4
  }

  setSource(index: number, source: number): void {
    const at = index * instructionSize + 1
    this.bytes.writeUInt8((this.bytes.readUInt8(at) & 0xf) | (source << 4), at)
  }

  immediate(index: number): number {
    return this.bytes.readInt32LE(index * instructionSize + 4)
  }

  setImmediate(index: number, value: number): void {
    this.bytes.writeInt32LE(value | 0, index * instructionSize + 4)
  }

  /** Of a 64-bit load. */
  immediate64(index: number): bigint {
    const low = BigInt(this.immediate(index) >>> 0)
    return (BigInt(this.immediate(index + 1) >>> 0) << 32n) | low
  }

  setImmediate64(index: number, value: bigint): void {
    this.setImmediate(index, Number(value & 0xffffffffn))
    this.setImmediate(index + 1, Number(value >> 32n))
  }
}
