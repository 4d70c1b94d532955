import type { BpfMap } from '@axoneme/bpf'
import type { Template } from '@axoneme/bpf-templater'

/** The node's shared maps, by the names that the C gives them. */
export type NodeMaps = Readonly<Record<string, BpfMap>>

/** Of the node's maps, those that the template's programs use. */
export function mapsOfTemplate(template: Pick<Template, 'maps'>, maps: NodeMaps): Record<string, BpfMap> {
  return Object.fromEntries(Object.entries(maps).filter(([name]) => Object.hasOwn(template.maps, name)))
}

/** A map that the datapath cannot do without: that it is missing is an error of the build. */
export function mapNamed(maps: NodeMaps, name: string): BpfMap {
  const map = maps[name]
  if (map === undefined) throw new TypeError(`the templates have no map ${name}`)
  return map
}

/** The same for a program of an instance. */
export function programNamed<T>(programs: Readonly<Record<string, T>>, name: string): T {
  const program = programs[name]
  if (program === undefined) throw new TypeError(`the template has no program ${name}`)
  return program
}
