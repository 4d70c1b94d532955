import type { BpfMap } from '@axoneme/bpf'
import type { Template } from '@axoneme/bpf-templater'

/** Of the node's maps, those that the template's programs use. */
export function mapsOfTemplate(
  template: Pick<Template, 'maps'>,
  maps: Readonly<Record<string, BpfMap>>,
): Record<string, BpfMap> {
  return Object.fromEntries(Object.entries(maps).filter(([name]) => Object.hasOwn(template.maps, name)))
}
