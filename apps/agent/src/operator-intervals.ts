import { type OperatorIntervals, publishedIntervalsSchema } from '@axoneme/agent-api'
import type { Kvstore } from '@axoneme/kvstore'
import { operatorIntervalsKey } from '@axoneme/kvstore-sync'
import { describeError } from '@axoneme/lifecycle'

const maxCharacters = 64 * 1024
/** People wait for the answer. */
const patienceMs = 5_000

/** What the operator that leads says of its intervals: one read of the kvstore, when somebody asks. Never rejects. */
export async function readOperatorIntervals(
  store: Pick<Kvstore, 'get'> | undefined,
  { signal }: { signal: AbortSignal },
): Promise<OperatorIntervals> {
  if (store === undefined)
    return { reason: 'the agent does not reach the kvstore yet, where the operator says it' }
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
    const entry = await store.get(operatorIntervalsKey, { signal: patience })
    if (entry === undefined) return { reason: 'no operator has said it in the kvstore so far' }
    const published = parse(entry.value)
    if (published === undefined)
      return { reason: `nobody understands what the kvstore has at ${operatorIntervalsKey}` }
    return { published, reason: '' }
  } catch (error) {
    return { reason: `the kvstore was not read: ${describeError(error)}` }
  }
}

function parse(text: string): OperatorIntervals['published'] {
  if (text.length > maxCharacters) return undefined
  try {
    return publishedIntervalsSchema.parse(JSON.parse(text))
  } catch {
    // Not of our operator, or of another version of it.
    return undefined
  }
}
