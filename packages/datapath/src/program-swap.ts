import { describeError } from '@axoneme/lifecycle'
import type { HeldProgram } from './attach/attacher.ts'
import { SwapFailedError, UndoFailedError } from './errors.ts'

/** Where one program at a time runs: a hook of a device, or an entry of a map of tail calls. */
export type ProgramPlace = Readonly<{
  /** Where, for errors: `on ingress of interface 7`. */
  name: string
  /** The program that is there now, if one is. */
  hold(): HeldProgram | undefined
  /** Replaces it in one step: each packet meets the old or the new one. */
  put(program: { fd: number; name: string }): void
}>

export type SwapStep = Readonly<{ place: ProgramPlace; program: { fd: number; name: string } }>

/**
 * Puts all programs in their places, or none: when a step fails, the places that were reached get their old programs
 * back, which cannot have ended meanwhile. A place that had none keeps the new one: empty it would let everything
 * pass, or drop it. Nothing waits here, so that both sets are in use for the time of a few system calls only.
 *
 * @throws SwapFailedError naming the step: the old programs run on; UndoFailedError when not all could be put back;
 * whatever reading the old programs throws, before anything was changed.
 */
export function swapPrograms(what: string, steps: readonly SwapStep[]): void {
  using holding = new DisposableStack()
  const held = steps.map((step) => ({ ...step, old: holding.use(step.place.hold()) }))
  for (const [index, { place, program }] of held.entries()) {
    try {
      place.put(program)
    } catch (cause) {
      const step = `put ${program.name} ${place.name}`
      // A step may fail after it took effect: it is taken back like the ones before it.
      throw afterUndo(held.slice(0, index + 1).toReversed(), { what, step, cause })
    }
  }
}

function afterUndo(
  reached: readonly (SwapStep & { old: HeldProgram | undefined })[],
  { what, step, cause }: { what: string; step: string; cause: unknown },
): Error {
  const failures = reached.flatMap(({ program: { name }, old }) => {
    try {
      old?.restore()
      return []
    } catch (error) {
      return [{ name, error }]
    }
  })
  const failed = (state: string) => new SwapFailedError(what, `${step}; ${state}`, { cause })
  if (failures.length === 0) {
    return failed(reached.some(({ old }) => old) ? 'the old programs run on' : 'none ran before')
  }
  const [names, texts] = [failures.map(({ name }) => name), failures.map(({ error }) => describeError(error))]
  const undoError = new AggregateError(
    failures.map(({ error }) => error),
    texts.join('; '),
  )
  const error = failed(`${names.join(', ')} may be new, the other programs are the old ones`)
  return new UndoFailedError(`swap of ${what}`, { error, undoError })
}
