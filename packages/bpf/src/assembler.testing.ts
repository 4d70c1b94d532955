/** Instructions that the tests' programs are made of (Documentation/bpf/standardization/instruction-set.rst). */
export type TestInstruction =
  | readonly ['mov' | 'add' | 'and', register: number, value: number]
  | readonly ['movReg', to: number, from: number]
  | readonly ['load32', to: number, from: number, offset: number]
  | readonly ['store64', at: number, unused: 0, offset: number, value: number]
  | readonly ['store32reg', at: number, from: number, offset: number]
  | readonly ['loadMap', register: number, fd: number]
  | readonly ['ifZero', register: number, skip: number]
  | readonly ['call', helper: number]
  | readonly ['exit']

export function assemble(instructions: readonly TestInstruction[]): Buffer {
  return Buffer.concat(instructions.map(encode))
}

function encode(instruction: TestInstruction): Buffer {
  switch (instruction[0]) {
    case 'mov':
      return insn(0xb7, instruction[1], 0, 0, instruction[2])
    case 'add':
      return insn(0x07, instruction[1], 0, 0, instruction[2])
    case 'and':
      return insn(0x57, instruction[1], 0, 0, instruction[2])
    case 'movReg':
      return insn(0xbf, instruction[1], instruction[2], 0, 0)
    case 'load32':
      return insn(0x61, instruction[1], instruction[2], instruction[3], 0)
    case 'store64':
      return insn(0x7a, instruction[1], 0, instruction[3], instruction[4])
    case 'store32reg':
      return insn(0x63, instruction[1], instruction[2], instruction[3], 0)
    case 'loadMap':
      return Buffer.concat([insn(0x18, instruction[1], 1, 0, instruction[2]), Buffer.alloc(8)])
    case 'ifZero':
      return insn(0x15, instruction[1], 0, instruction[2], 0)
    case 'call':
      return insn(0x85, 0, 0, 0, instruction[1])
    case 'exit':
      return insn(0x95, 0, 0, 0, 0)
  }
}

function insn(...[code, to, from, offset, value]: [number, number, number, number, number]): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt8(code, 0)
  bytes.writeUInt8(to | (from << 4), 1)
  bytes.writeInt16LE(offset, 2)
  bytes.writeInt32LE(value, 4)
  return bytes
}
