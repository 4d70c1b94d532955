import { expect, it } from 'vitest'
import { canRun, runScaleSim } from '../testing/run-scale-sim.ts'
import type { StormReport } from './storm.ts'

it.runIf(canRun)(
  'every agent of a small cluster gets ready under a storm, with no step done twice',
  async () => {
    const { code, stdout, stderr, remains } = await runScaleSim('storm', '--small', '-o', 'json')
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const { storm, withoutBackoff } = JSON.parse(stdout) as StormReport
    expect(storm).toMatchObject({ agents: 20, ready: 20, restarts: 0, stepsRepeated: 0 })
    // Seven collections for each hollow agent, and its CiliumNode where the answer to the write was not cut.
    expect(storm.stepsDone).toBeGreaterThanOrEqual(19 * 7)
    expect(storm.stepsDone).toBeLessThanOrEqual(19 * 8)
    // The real one has seven, too. Its CiliumNode counts where the answer to the write was not cut, and is patched at any time later.
    expect(storm.realAgentsSteps.repeated).toBe(0)
    expect(storm.realAgentsSteps.done).toBeGreaterThanOrEqual(7)
    expect(storm.refused + storm.cut).toBeGreaterThan(0)
    expect(withoutBackoff?.restarts).toBeGreaterThan(0)
    expect(remains).toEqual([])
  },
  180_000,
)
