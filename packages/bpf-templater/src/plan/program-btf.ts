import { ElfError } from '../errors.ts'
import type { BtfExt, InfoRecord, InfoTable } from './btf-ext.ts'
import { instructionSize } from './instructions.ts'
import type { Placement } from './link-program.ts'
import type { ProgramBtfPlan } from './object-plan.ts'

/**
 * The function and line records of a linked program, moved to where its functions lie. Undefined when a function has
 * no record: the kernel takes records for all functions or for none.
 */
export function programBtf(ext: BtfExt, placements: readonly Placement[]): ProgramBtfPlan | undefined {
  const functions = placements.map((placement) => collect(ext.functions, placement))
  if (functions.some((records) => records.length !== 1)) return undefined
  placements.forEach((placement, index) => {
    checkStart(placement, functions[index]![0]!)
  })
  const lines = placements.flatMap((placement) => collect(ext.lines, placement))
  return {
    funcInfo: Buffer.concat(functions.flat()),
    funcInfoSize: ext.functions.recordSize,
    lineInfo: Buffer.concat(lines),
    lineInfoSize: ext.lines.recordSize,
  }
}

function checkStart({ function: fn, at }: Placement, record: Buffer): void {
  if (record.readUInt32LE(0) !== at)
    throw new ElfError(`function ${fn.name}: .BTF.ext describes a function inside of it`)
}

/** The records inside of the function, found by halving: there may be as many as the section has instructions. */
function collect({ bySection }: InfoTable, { function: fn, at }: Placement): Buffer[] {
  const start = fn.start * instructionSize
  const end = start + fn.length * instructionSize
  const records = bySection.get(fn.section.name) ?? []
  const inside: Buffer[] = []
  for (let index = firstFrom(records, start); index < records.length; index++) {
    const { offset, bytes } = records[index]!
    if (offset >= end) break
    const moved = Buffer.from(bytes)
    moved.writeUInt32LE(at + (offset - start) / instructionSize, 0)
    inside.push(moved)
  }
  return inside
}

/** The index of the first record at or behind an offset. */
function firstFrom(records: readonly InfoRecord[], offset: number): number {
  let [low, high] = [0, records.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (records[middle]!.offset < offset) low = middle + 1
    else high = middle
  }
  return low
}
