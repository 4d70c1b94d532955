import { byteMutations, splice } from '../mutate/bytes.ts'
import type { Random } from '../random.ts'
import type { Mutator } from '../target.ts'
import { entryOf } from './entries.ts'
import { mutateJson } from './mutate-json.ts'
import { mutateJsonValue } from './mutate-json-value.ts'
import { mutateProtobuf } from './mutate-protobuf.ts'

const maxSteps = 6

/** The first byte says where an input goes in, and so what it is: most mutations know that and keep it. */
export const mutator: Mutator = (input, other) => (random) => {
  const way = Buffer.from(input.subarray(0, 1))
  if (random.oneIn(24)) way[0] = random.next()
  let body = Buffer.from(input.subarray(1))
  for (let step = 0; step < maxSteps && body.length > 0; step++) {
    body = mutateOnce(body, { other: other.subarray(1), format: entryOf(input).format, random })
    if (random.oneIn(2)) break
  }
  return Buffer.concat([way, body])
}

function mutateOnce(
  body: Buffer<ArrayBuffer>,
  { other, format, random }: { other: Buffer; format: 'json' | 'protobuf'; random: Random },
): Buffer<ArrayBuffer> {
  if (random.oneIn(6)) {
    const bytes = random.pick(byteMutations)(body, random)
    return Buffer.from(
      random.oneIn(8) && other.length > 0 && bytes.length > 0 ? splice(bytes, other, random) : bytes,
    )
  }
  if (format === 'json') {
    const valid = random.oneIn(2) ? mutateJsonValue(body, other, random) : undefined
    return Buffer.from(valid ?? mutateJson(body, other, random))
  }
  const changed = mutateProtobuf(body, other, random) ?? random.pick(byteMutations)(body, random)
  return Buffer.from(changed)
}
