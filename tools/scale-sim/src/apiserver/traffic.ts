import type { Observation } from '@axoneme/sandbox'
import { z } from 'zod'

/** What an apiserver has answered so far. Groups are the beginnings of user agents, which say who asked. */
export const trafficSchema = z.object({
  /** By `group verb resource code`. */
  answers: z.record(z.string(), z.int()),
  /** Bytes of bodies and watch events, by `group resource`. */
  bytes: z.record(z.string(), z.int()),
  /** Events of watches by `group resource type`, bookmarks among them. */
  events: z.record(z.string(), z.int()),
  watches: z.int(),
})
export type Traffic = z.output<typeof trafficSchema>

type TrafficCounter = Readonly<{
  observe(observation: Observation): void
  read(): Omit<Traffic, 'watches'>
}>

/** `axoneme-agent/0.1.0` -> `axoneme-agent`. */
function groupOf(userAgent: string): string {
  return userAgent.split('/', 1)[0] || 'unknown'
}

export function createTrafficCounter(): TrafficCounter {
  const answers = new Map<string, number>()
  const bytes = new Map<string, number>()
  const events = new Map<string, number>()
  return {
    observe(observation) {
      const { verb, resource, userAgent } = observation
      const group = groupOf(userAgent)
      add(bytes, `${group} ${resource}`, observation.bytes)
      if (observation.kind === 'event') add(events, `${group} ${resource} ${observation.type}`, 1)
      else add(answers, `${group} ${verb} ${resource} ${observation.code}`, 1)
    },
    read: () => ({
      answers: Object.fromEntries(answers),
      bytes: Object.fromEntries(bytes),
      events: Object.fromEntries(events),
    }),
  }
}

/** What came between two readings; what did not change is left out. */
export function trafficBetween(before: Traffic, after: Traffic): Traffic {
  return {
    answers: difference(before.answers, after.answers),
    bytes: difference(before.bytes, after.bytes),
    events: difference(before.events, after.events),
    watches: after.watches,
  }
}

/** The sum over the keys that begin with `start` and, where given, end with `end`; both are whole words. */
export function sumOf(counts: Readonly<Record<string, number>>, start: string, end = ''): number {
  return Object.entries(counts)
    .filter(
      ([key]) =>
        (start === '' || key === start || key.startsWith(`${start} `)) &&
        (end === '' || key.endsWith(` ${end}`)),
    )
    .reduce((sum, [, count]) => sum + count, 0)
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

function difference(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const changed = Object.entries(after).map(([key, count]): [string, number] => [
    key,
    count - (before[key] ?? 0),
  ])
  return Object.fromEntries(changed.filter(([, count]) => count !== 0))
}
