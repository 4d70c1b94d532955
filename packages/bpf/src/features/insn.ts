/** One instruction (Documentation/bpf/standardization/instruction-set.rst): 8 bytes, little-endian. */
function insn(
  code: number,
  {
    to = 0,
    from = 0,
    offset = 0,
    value = 0,
  }: { to?: number; from?: number; offset?: number; value?: number } = {},
): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt8(code, 0)
  bytes.writeUInt8(to | (from << 4), 1)
  bytes.writeInt16LE(offset, 2)
  bytes.writeInt32LE(value, 4)
  return bytes
}

/** The instructions that probes are made of. Registers are numbers; r10 is the stack's end. */
export const code = {
  mov: (to: number, value: number) => insn(0xb7, { to, value }),
  movReg: (to: number, from: number) => insn(0xbf, { to, from }),
  add: (to: number, value: number) => insn(0x07, { to, value }),
  load32: (to: number, from: number, offset = 0) => insn(0x61, { to, from, offset }),
  store64: (to: number, value: number) => insn(0x7a, { to, value }),
  ifZero: (to: number, offset: number) => insn(0x15, { to, offset }),
  /** `if (u32)to < value`, of cpu v3. */
  ifBelow32: (to: number, value: number, offset: number) => insn(0xa6, { to, value, offset }),
  callHelper: (helper: number) => insn(0x85, { value: helper }),
  /** Calls the function `offset` instructions behind the next one (BPF_PSEUDO_CALL). */
  callFunction: (offset: number) => insn(0x85, { from: 1, value: offset }),
  /** The address of a map (BPF_PSEUDO_MAP_FD): two instructions long. */
  loadMap: (to: number, fd: number) => Buffer.concat([insn(0x18, { to, from: 1, value: fd }), insn(0)]),
  exit: () => insn(0x95),
} as const

/** The helpers, by number, that the instructions call; each once. */
export function calledHelpers(insns: Buffer): number[] {
  const helpers = new Set<number>()
  for (let at = 0; at + 8 <= insns.length; at += 8) {
    const isHelperCall = insns[at] === 0x85 && insns.readUInt8(at + 1) >> 4 === 0
    if (isHelperCall) helpers.add(insns.readInt32LE(at + 4))
    // The second half of a 64-bit constant is no instruction, whatever it looks like.
    if (insns[at] === 0x18) at += 8
  }
  return [...helpers]
}
