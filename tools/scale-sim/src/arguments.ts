import { parseArgs } from 'node:util'
import { ScaleSimError } from './errors.ts'
import { clusterShape, type HeartbeatPeriods, modernHeartbeats, oldHeartbeats } from './model/index.ts'
import type { ScaleOptions } from './run/scale.ts'
import type { StormOptions } from './run/storm.ts'

type Output = Readonly<{ json: boolean; svg: string | undefined }>
type WithoutRun<T> = Omit<T, 'signal' | 'progress'>

export type SimArguments = Output &
  (
    | Readonly<{ command: 'scale'; options: WithoutRun<ScaleOptions> }>
    | Readonly<{ command: 'storm'; options: WithoutRun<StormOptions> }>
  )

const commonDefaults = { 'real-agents': '3', output: 'text' }
const scaleDefaults = {
  ...{ nodes: '5000', pods: '100000', services: '20000', 'direct-agents': '20' },
  ...{ 'idle-seconds': '60', 'churn-seconds': '60', 'churn-rate': '100', heartbeats: 'modern' },
}
const stormDefaults = {
  ...{ nodes: '5000', pods: '100000', services: '100', 'requests-per-second': '100', 'cut-percent': '10' },
  ...{ 'time-limit-seconds': '', 'afterwards-seconds': '60', 'without-backoff-seconds': '120' },
}
const small = {
  scale: {
    ...{ nodes: '20', pods: '200', services: '50', 'real-agents': '1', 'direct-agents': '2' },
    ...{ 'idle-seconds': '3', 'churn-seconds': '1', 'churn-rate': '20' },
  },
  storm: {
    ...{ nodes: '20', pods: '200', services: '20', 'real-agents': '1', 'requests-per-second': '60' },
    ...{ 'afterwards-seconds': '2', 'without-backoff-seconds': '3' },
  },
}

const heartbeats: Readonly<Record<string, HeartbeatPeriods>> = {
  modern: modernHeartbeats,
  old: oldHeartbeats,
}

/** "help", or what to run. Throws ScaleSimError naming the option that is wrong. */
export function readArguments(argv: readonly string[]): SimArguments | 'help' {
  const { values, positionals } = parse(argv)
  if (values.help === true) return 'help'
  const [command, ...rest] = positionals
  if ((command !== 'scale' && command !== 'storm') || rest.length > 0) {
    throw new ScaleSimError(positionals.length === 0 ? 'no command' : `no command ${positionals.join(' ')}`, {
      hint: 'there is scale and storm',
    })
  }
  const { help: _help, small: isSmall = false, ...given } = values
  const defaults = command === 'scale' ? scaleDefaults : stormDefaults
  const all: Readonly<Record<string, string | undefined>> = {
    ...commonDefaults,
    ...defaults,
    ...(isSmall ? small[command] : {}),
    ...given,
  }
  const unknown = Object.keys(given).find((name) => !(name in { ...commonDefaults, ...defaults, svg: '' }))
  if (unknown !== undefined) throw new ScaleSimError(`${command} has no option --${unknown}`)
  const number = (name: string, max: number, min = 0) => readNumber(name, all[name] ?? '', { min, max })
  const realAgents = number('real-agents', 5)
  const nodes = number('nodes', 10_000, 5)
  const shape = clusterShape({ nodes, pods: number('pods', 500_000), services: number('services', 60_000) })
  const output = { json: readChoice('output', all.output ?? '', ['text', 'json']) === 'json', svg: all.svg }
  if (command === 'storm') {
    const limit = all['time-limit-seconds']
    return {
      ...{ ...output, command },
      options: {
        ...{ shape, realAgents },
        requestsPerSecond: number('requests-per-second', 100_000, 1),
        cutShare: number('cut-percent', 90) / 100,
        timeLimitMs: limit === '' ? undefined : number('time-limit-seconds', 86_400, 1) * 1000,
        afterwardsMs: number('afterwards-seconds', 3600) * 1000,
        withoutBackoffMs: number('without-backoff-seconds', 3600) * 1000,
      },
    }
  }
  return {
    ...{ ...output, command },
    options: {
      ...{ shape, realAgents },
      heartbeats:
        heartbeats[readChoice('heartbeats', all.heartbeats ?? '', Object.keys(heartbeats))] ??
        modernHeartbeats,
      directAgents: number('direct-agents', nodes),
      // An apiserver sends one about each minute; a short look would see none.
      bookmarkIntervalMs: isSmall ? 1_000 : 60_000,
      idleMs: number('idle-seconds', 3600, 1) * 1000,
      churnMs: number('churn-seconds', 3600, 1) * 1000,
      churnPerSecond: number('churn-rate', 1000, 1),
      churnLifeMs: isSmall ? 1_000 : 10_000,
    },
  }
}

function parse(argv: readonly string[]) {
  try {
    const text = { type: 'string' } as const
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...{ nodes: text, pods: text, services: text, 'real-agents': text, 'direct-agents': text },
        ...{ 'idle-seconds': text, 'churn-seconds': text, 'churn-rate': text, heartbeats: text },
        ...{ 'requests-per-second': text, 'cut-percent': text, 'time-limit-seconds': text },
        ...{ 'afterwards-seconds': text, 'without-backoff-seconds': text, svg: text },
        output: { type: 'string', short: 'o' },
        small: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ScaleSimError(error.message, { hint: 'see --help' })
  }
}

function readNumber(name: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value < min || value > max)
    throw new ScaleSimError(`--${name} ${text}: not a whole number from ${min} to ${max}`)
  return value
}

function readChoice(name: string, text: string, choices: readonly string[]): string {
  if (choices.includes(text)) return text
  throw new ScaleSimError(`--${name} ${text}`, { hint: `there is ${choices.join(', ')}` })
}

export const usage = `Simulates a cluster of thousands of nodes: a real operator, a few real agents, real etcd, and hollow agents that are
real connections and watches and keep nothing. Needs root.

  scale-sim scale [--nodes N] [--pods P] [--services S] [...]   an idle cluster, then one in which pods come and go
  scale-sim storm [--nodes N] [--requests-per-second R] [...]   all agents start at once against an apiserver that limits

  --nodes, --pods, --services   5000, 100000, 20000 (storm: 100 services)
  --real-agents N               0 to 5, on the kernel, in network namespaces; 3 by default
  --small                       a cluster of 20 nodes, in half a minute
  -o json                       the whole report with its series, instead of text
  --svg FILE                    a plot of the run

scale:
  --idle-seconds S              how long the idle cluster is watched; 60
  --heartbeats modern|old       node status each 5 min, or each 10 s as before Kubernetes 1.17
  --direct-agents N             agents without hand-over, whose traffic is measured for comparison; 20
  --churn-seconds S, --churn-rate R   100 pods a second for 60 s
storm:
  --requests-per-second R       what the apiserver allows; 100
  --cut-percent P               share of the calls that are cut; 10
  --time-limit-seconds S        given up after this; ten times what the limit needs by default
  --afterwards-seconds S        how long the run goes on when all are ready; 60
  --without-backoff-seconds S   how long the same is tried without backoff and kept progress; 120, 0 leaves it out

Examples:
  scale-sim scale --small
  scale-sim scale --svg /tmp/scale.svg -o json >scale.json
  scale-sim storm --nodes 1000 --requests-per-second 50 --svg /tmp/storm.svg
`
