import { describe, expect, it } from 'vitest'
import { readArguments, usage } from './arguments.ts'

describe('arguments', () => {
  it.each([
    [['sail'], 'no command sail'],
    [[], 'no command'],
    [['scale', 'twice'], 'no command scale twice'],
    [['scale', '--nodes', 'many'], '--nodes many: not a whole number from 5 to 10000'],
    [['scale', '--nodes', '4'], '--nodes 4: not a whole number from 5 to 10000'],
    [['storm', '--churn-rate', '7'], 'storm has no option --churn-rate'],
    [['scale', '--heartbeats', 'late'], '--heartbeats late'],
    [['scale', '--quickly'], "Unknown option '--quickly'"],
  ])('%j are refused', (argv, problem) => {
    expect(() => readArguments(argv)).toThrow(problem)
  })

  it('are the full size by default', () => {
    expect(readArguments(['scale', '-o', 'json', '--svg', 'a.svg'])).toMatchObject({
      ...{ command: 'scale', json: true, svg: 'a.svg' },
      options: {
        shape: { nodes: 5000, pods: 100_000, services: 20_000 },
        ...{ churnPerSecond: 100, churnMs: 60_000, heartbeats: { statusMs: 300_000 } },
      },
    })
    expect(readArguments(['storm', '--cut-percent', '25', '--real-agents', '0'])).toMatchObject({
      ...{ command: 'storm', json: false, svg: undefined },
      options: {
        shape: { nodes: 5000, services: 100 },
        realAgents: 0,
        requestsPerSecond: 100,
        cutShare: 0.25,
      },
    })
  })

  it('every option is in the usage', () => {
    expect(readArguments(['storm', '--help'])).toBe('help')
    for (const option of ['--without-backoff-seconds', '--direct-agents', '--svg', '--small']) {
      expect(usage).toContain(option)
    }
  })
})
