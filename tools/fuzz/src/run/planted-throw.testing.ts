import { parseElf } from '@axoneme/bpf-templater'
import type { Outcome } from '../target.ts'

/** A parser with a fault that no seed has: it reads behind a buffer where two relocations patch one instruction. */
export function execute(input: Buffer): Outcome {
  try {
    const { sections } = parseElf(input)
    const table = sections.find(({ type }) => type === 9)
    if (table !== undefined && table.bytes.length >= 32 && table.bytes[0] === table.bytes[16])
      table.bytes.readUInt8(table.bytes.length)
    return { features: [`${sections.length} sections`] }
  } catch (error) {
    if (error instanceof RangeError || !(error instanceof Error)) throw error
    return { refusal: error }
  }
}
