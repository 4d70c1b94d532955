import type { MapSpec } from '@axoneme/bpf'
import type { EndpointPolicyRow } from '@axoneme/policy'

/** How full a map is, or the fullest of the maps that endpoints have of their own. */
export type MapFill = Readonly<{ map: string; entries: number; maxEntries: number }>

/** What is known of the maps without reading them: the kernel has no count of a map's entries. */
export type KnownEntries = Readonly<{
  /** By the map's name; absent while nobody knows. */
  shared: Readonly<Record<string, number | undefined>>
  policies: Iterable<Pick<EndpointPolicyRow, 'entries'>>
}>

export function mapFillOf(
  {
    maps,
    policyMapSpec,
  }: { maps: Readonly<Record<string, Readonly<{ spec: MapSpec }>>>; policyMapSpec: MapSpec },
  { shared, policies }: KnownEntries,
): MapFill[] {
  const fills = Object.entries(shared).flatMap(([map, entries]) => {
    const spec = maps[map]?.spec
    return entries === undefined || spec === undefined ? [] : [{ map, entries, maxEntries: spec.maxEntries }]
  })
  let fullest = 0
  for (const { entries } of policies) fullest = Math.max(fullest, entries.length)
  return [...fills, { map: policyMapSpec.name, entries: fullest, maxEntries: policyMapSpec.maxEntries }]
}
