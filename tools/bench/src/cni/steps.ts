import { percentile } from './distribution.ts'

/** Steps of the datapath, as the agent's metric names them. */
const datapathSteps = [
  'saveState',
  'link',
  'policyMap',
  'policyEntries',
  'bpfLoadProg',
  'attach',
  'expose',
] as const

/** One ADD: how long the executable took, and what the agent's steps took meanwhile, in ms by their names. */
export type AddSample = Readonly<{ durationMs: number; steps: Readonly<Record<string, number>> }>

/**
 * What an ADD consists of, in ms by names that do not overlap:
 *
 * - `process`: the executable's start, its two ways over the socket, its end
 * - `request`: the agent reads, checks and answers the call
 * - `endpoint`: address, labels and identity
 * - `policy`: from the complete endpoint to its policy and its turn in the datapath, and the word that it is done
 * - the steps of the datapath
 */
function partsOf({ durationMs, steps }: AddSample): Record<string, number> {
  const of = (name: string) => steps[name] ?? 0
  const datapath = datapathSteps.map((name) => [snakeCase(name), of(name)] as const)
  const realised = datapath.reduce((sum, [, ms]) => sum + ms, 0)
  return {
    process: durationMs - of('call'),
    request: of('call') - of('cniEndpoint') - of('cniDatapath'),
    endpoint: of('cniEndpoint'),
    policy: of('cniDatapath') - realised,
    ...Object.fromEntries(datapath),
  }
}

/** The medians of each part, `step_NAME_ms`, and their shares of the median ADD, `NAME_over_add`. */
export function stepShares(samples: readonly AddSample[]): {
  figures: Record<string, number>
  ratios: Record<string, number>
} {
  const parts = samples.map(partsOf)
  const addMs = percentile(
    samples.map(({ durationMs }) => durationMs),
    0.5,
  )
  const medians = Object.keys(parts[0] ?? {}).map((name) => {
    // Clocks of two processes: a part of next to nothing may come out below it.
    const values = parts.map((part) => Math.max(0, part[name] ?? 0))
    return [name, percentile(values, 0.5)] as const
  })
  return {
    figures: Object.fromEntries(medians.map(([name, ms]) => [`step_${name}_ms`, ms])),
    ratios: Object.fromEntries(medians.map(([name, ms]) => [`${name}_over_add`, ms / addMs])),
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
