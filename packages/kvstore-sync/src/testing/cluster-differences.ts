import { formatLabels, isReservedIdentity } from '@axoneme/identity'
import { parseIpEntry } from '../ip-entries.ts'
import { nodeEntryOf, parseNodeEntry } from '../node-entries.ts'
import { identityPaths, ipPrefix, nodePrefix } from '../paths.ts'
import type { Parsed } from '../table-watcher.ts'
import type { NumberLedger } from './number-ledger.ts'
import { cluster, type SimulatedAgent } from './simulated-agent.ts'
import type { StoredKey } from './stored-state.ts'

const root = 'cilium/state/'

/**
 * In what the store (keys after `cilium/state/`) differs from what its owners want and from what every agent has in its
 * tables, in words. `handedOver` are the entries that the operator keeps, by node.
 */
export function clusterDifferences({
  agents,
  stored,
  handedOver,
  ledger,
}: {
  agents: readonly SimulatedAgent[]
  stored: ReadonlyMap<string, StoredKey>
  handedOver: ReadonlyMap<string, string>
  ledger: NumberLedger
}): string[] {
  const under = (prefix: string) => {
    const begin = prefix.slice(root.length)
    return new Map(
      [...stored].flatMap(([key, it]) => (key.startsWith(begin) ? [[key.slice(begin.length), it]] : [])),
    )
  }
  const ips = under(ipPrefix(cluster))
  const nodes = under(nodePrefix(cluster))
  const masters = under(identityPaths.idPrefix)
  const marks = under(identityPaths.valuePrefix)

  const wantedIps = new Map<string, StoredKey>()
  const wantedNodes = new Map([...handedOver].map(([name, value]) => [name, { value, leaseId: '0' }]))
  const wantedMarks = new Map<string, StoredKey>()
  const usedMasters = new Map<string, string>()
  for (const { node, pods, store } of agents) {
    const { leaseId } = store.status()
    for (const { ip, value } of pods.values()) wantedIps.set(ip, { value, leaseId })
    wantedNodes.set(node.name, { value: nodeEntryOf(node).value, leaseId })
    for (const [labels, id] of ledger.usedBy(node.name)) {
      wantedMarks.set(`${labels}/${node.internalIp}`, { value: String(id), leaseId })
      usedMasters.set(String(id), labels)
    }
  }
  const meanings = [...masters.values()].map(({ value }) => value)
  return [
    ...differences('ip entries', wantedIps, ips),
    ...differences('node entries', wantedNodes, nodes),
    ...differences('marks', wantedMarks, marks),
    ...[...usedMasters]
      .filter(([id, labels]) => masters.get(id)?.value !== labels)
      .map(([id, labels]) => `identity ${id} is in use for ${labels}, stored is ${masters.get(id)?.value}`),
    ...(new Set(meanings).size < meanings.length ? ['labels with two numbers'] : []),
    ...agents.flatMap(({ node, tables }) => [
      ...differences(
        `${node.name} ips`,
        parsed(ips, (name, value) => parseIpEntry(name, value)),
        byKey(tables.ips.rows(), (row) => row.ip),
      ),
      ...differences(
        `${node.name} nodes`,
        parsed(nodes, (name, value) => parseNodeEntry(name, value)),
        byKey(tables.nodes.rows(), (row) => row.name),
      ),
      ...differences(
        `${node.name} identities`,
        new Map([...masters].map(([id, { value }]) => [id, value])),
        new Map(
          [...tables.identities.rows()]
            .filter(({ id }) => !isReservedIdentity(id))
            .map(({ id, labels }) => [String(id), formatLabels(labels)]),
        ),
      ),
    ]),
  ]
}

function byKey<Row>(rows: Iterable<Row>, key: (row: Row) => string): Map<string, Row> {
  return new Map([...rows].map((row) => [key(row), row]))
}

function parsed<Row>(
  entries: ReadonlyMap<string, StoredKey>,
  parse: (name: string, value: string, modRevision: number) => Parsed<Row>,
): Map<string, Row> {
  const rows = new Map<string, Row>()
  for (const [name, { value }] of entries) {
    const result = parse(name, value, 0)
    if ('row' in result) rows.set(name, result.row)
  }
  return rows
}

function differences<T>(
  what: string,
  wanted: ReadonlyMap<string, T>,
  have: ReadonlyMap<string, T>,
): string[] {
  const found: string[] = []
  for (const [key, value] of wanted) {
    const [want, is] = [JSON.stringify(value), JSON.stringify(have.get(key))]
    if (want !== is) found.push(`${what}: ${key} is ${is}, not ${want}`)
  }
  for (const key of have.keys()) if (!wanted.has(key)) found.push(`${what}: ${key} should not be there`)
  return found
}
