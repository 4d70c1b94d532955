import { parseElf } from '@axoneme/bpf-templater'
import type { Outcome } from '../target.ts'

/** A parser that never ends where a section links to itself, which none of the seeds does. */
export function execute(input: Buffer): Outcome {
  try {
    const { sections } = parseElf(input)
    const linksToItself = () => sections.some(({ index, link }) => index > 0 && link === index)
    while (linksToItself());
    return { features: [`${sections.length} sections`] }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { refusal: error }
  }
}
