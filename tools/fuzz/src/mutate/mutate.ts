import type { Random } from '../random.ts'
import type { Mutator } from '../target.ts'
import { type Anatomy, anatomyOf } from './anatomy.ts'
import { byteMutations, splice } from './bytes.ts'
import { type SectionInput, sectionMutations } from './sections.ts'
import { changeField } from './values.ts'

/** The mutator of objects, which finds the numbers of both inputs once. */
export const mutator: Mutator = (input, other) => {
  const specimens = [input, other].map((bytes) => ({ bytes, anatomy: anatomyOf(bytes) })) as [
    Specimen,
    Specimen,
  ]
  return (random) => mutate(specimens[0], { other: specimens[1], random })
}

/** An input and where its numbers are. */
export type Specimen = Readonly<{ bytes: Buffer; anatomy: Anatomy }>

const maxSteps = 6

/**
 * A changed copy of an input: one to six mutations, most of them of numbers that mean something. `other` is what is
 * spliced and transplanted from. The same random numbers give the same copy.
 */
export function mutate(
  { bytes, anatomy }: Specimen,
  { other, random }: { other: Specimen; random: Random },
): Buffer {
  let mutated: Buffer = Buffer.from(bytes)
  const input: SectionInput = { anatomy, other, random }
  for (let step = 0; step < maxSteps && mutated.length > 0; step++) {
    mutated = mutateOnce(mutated, input)
    if (random.oneIn(2)) break
  }
  return mutated
}

function mutateOnce(bytes: Buffer, input: SectionInput): Buffer {
  const { anatomy, other, random } = input
  const way = random.below(16)
  if (way < 10 && anatomy.groups.length > 0) {
    const field = random.pick(anatomy.fields.get(random.pick(anatomy.groups))!)
    changeField(bytes, field, input)
    return bytes
  }
  if (way < 13) return random.pick(sectionMutations)(bytes, input)
  if (way < 15 || other.bytes.length === 0 || !random.oneIn(4))
    return random.pick(byteMutations)(bytes, random)
  return splice(bytes, other.bytes, random)
}
