import type { MonitorRecord } from '@axoneme/agent-api'
import { reasonText } from '@axoneme/bpf-programs'
import { ruleSetId } from '@axoneme/datapath'
import {
  type EventLookups,
  formatEvent,
  type LostEvents,
  type Monitor,
  type MonitorEvent,
} from '@axoneme/monitor'
import type { AgentTables } from './tables.ts'

/**
 * Hands each event to `listener`, with the names that the tables have for its numbers and the line that people read,
 * until disposed.
 */
export function streamMonitor(
  monitor: Monitor,
  tables: AgentTables,
  listener: (record: MonitorRecord) => void,
): Disposable {
  const subscription = monitor.subscribe()
  const lookups = eventLookups(tables)
  const pump = async () => {
    for await (const event of subscription) listener(recordOf(event, lookups))
  }
  // A subscription ends with the monitor or by its disposal, never with an error.
  void pump()
  return { [Symbol.dispose]: () => subscription[Symbol.dispose]() }
}

function recordOf(event: MonitorEvent | LostEvents, lookups: EventLookups): MonitorRecord {
  const text = formatEvent(event, lookups)
  if (event.kind === 'lost') return { type: 'lost', count: event.count, text }
  const { kind, reason, ...rest } = event
  return { type: kind, reason: reasonText(reason), reasonCode: reason, ...rest, text }
}

function eventLookups(tables: AgentTables): EventLookups {
  return {
    podByAddress(address) {
      const local = tables.endpoints.byIndex('ip', address)[0]
      if (local !== undefined) return `${local.namespace}/${local.podName}`
      const remote = tables.ips.get(address)
      return remote === undefined || remote.podName === ''
        ? undefined
        : `${remote.namespace}/${remote.podName}`
    },
    identityName(id) {
      const labels = tables.identities.get(String(id))?.labels ?? {}
      const reserved = Object.keys(labels).find((label) => label.startsWith('reserved:'))
      return reserved?.slice('reserved:'.length)
    },
    rulesOf(ruleSet) {
      for (const { entries } of tables.policies.rows()) {
        for (const { rules } of entries) if (ruleSetId(rules) === ruleSet) return rules
      }
      return undefined
    },
  }
}
