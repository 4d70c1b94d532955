import type { BtfExt, InfoTable } from './btf-ext.ts'
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
  const lines = placements.flatMap((placement) => collect(ext.lines, placement))
  return {
    funcInfo: Buffer.concat(functions.flat()),
    funcInfoSize: ext.functions.recordSize,
    lineInfo: Buffer.concat(lines),
    lineInfoSize: ext.lines.recordSize,
  }
}

function collect({ bySection }: InfoTable, { function: fn, at }: Placement): Buffer[] {
  const start = fn.start * instructionSize
  const end = start + fn.length * instructionSize
  const inside = (bySection.get(fn.section.name) ?? []).filter(
    ({ offset }) => offset >= start && offset < end,
  )
  return inside.map(({ offset, bytes }) => {
    const moved = Buffer.from(bytes)
    moved.writeUInt32LE(at + (offset - start) / instructionSize, 0)
    return moved
  })
}
