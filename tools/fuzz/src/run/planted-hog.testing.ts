import { parseElf } from '@axoneme/bpf-templater'
import type { Outcome } from '../target.ts'

/** A parser that takes memory without end where a section is of a type that none of the seeds has. */
export function execute(input: Buffer): Outcome {
  try {
    const { sections } = parseElf(input)
    const hoarded: number[][] = []
    while (sections.some(({ type }) => type === 4)) hoarded.push(new Array(100_000).fill(hoarded.length))
    return { features: [`${sections.length} sections`] }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { refusal: error }
  }
}
