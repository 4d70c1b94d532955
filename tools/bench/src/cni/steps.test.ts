import { expect, it } from 'vitest'
import { stepShares } from './steps.ts'

const sample = (durationMs: number, bpfLoadProg: number) => ({
  durationMs,
  steps: {
    call: 18,
    cniEndpoint: 2,
    cniDatapath: 14,
    link: 3,
    bpfLoadProg,
    // Of another endpoint's life, not of this ADD.
    cniRemoval: 100,
  },
})

it('the parts of an ADD do not overlap: their sum is the ADD', () => {
  const { figures } = stepShares([sample(20, 6)])
  expect(figures).toMatchObject({
    step_process_ms: 2,
    step_request_ms: 2,
    step_endpoint_ms: 2,
    step_policy_ms: 5,
    step_link_ms: 3,
    step_bpf_load_prog_ms: 6,
    step_attach_ms: 0,
  })
  expect(Object.values(figures).reduce((sum, ms) => sum + ms, 0)).toBe(20)
})

it('medians and shares are over all ADDs, and no part is less than nothing', () => {
  const { figures, ratios } = stepShares([sample(20, 6), sample(40, 8), sample(17, 7)])
  expect(figures).toMatchObject({ step_process_ms: 2, step_bpf_load_prog_ms: 7 })
  expect(ratios).toMatchObject({ process_over_add: 0.1, bpf_load_prog_over_add: 0.35 })
  expect(stepShares([sample(17, 6)]).figures).toMatchObject({ step_process_ms: 0 })
})
