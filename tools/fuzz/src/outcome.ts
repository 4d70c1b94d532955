import type { Outcome } from './target.ts'

const framesPerError = 2
const maxCauses = 4

/**
 * Equal for outcomes of one kind: what a result is made of, or for an error the places that threw it and its causes,
 * which say more than a message in which half is the input's own text.
 */
export function outcomeKeys(outcome: Outcome): readonly string[] {
  return 'features' in outcome ? outcome.features : [errorKey(outcome.refusal)]
}

/** Also for what is no Error. */
export function errorKey(error: unknown): string {
  const parts: string[] = []
  for (let at = error, depth = 0; at instanceof Error && depth < maxCauses; at = at.cause, depth++) {
    parts.push(`${at.name} ${places(at.stack ?? '')}`)
  }
  return parts.length === 0 ? `no error: ${typeof error}` : parts.join(' < ')
}

/** `read.ts:24:9 < elf-file.ts:81:18` of the lines of a stack. */
function places(stack: string): string {
  const frames = stack
    .split('\n')
    .filter((line) => line.startsWith('    at ') && !line.includes('node:internal'))
  return frames.slice(0, framesPerError).map(placeOf).join(' < ')
}

function placeOf(frame: string): string {
  return /([^/\s(]+:\d+:\d+)\)?$/.exec(frame)?.[1] ?? frame.trim()
}
