import type { MapType, ProgramType } from '@axoneme/bpf'
import { instructionSize } from './instructions.ts'
import type { ConstantPlan, MapPlan, ObjectPlan } from './object-plan.ts'

/** What an object is made of, for people and tools: numbers and names, no bytes. */
export type ObjectDescription = Readonly<{
  license: string
  /** In the order of the object. */
  programs: readonly ProgramDescription[]
  /** Sorted by name. */
  maps: readonly MapDescription[]
  /** Sorted by name. */
  constants: readonly ConstantPlan[]
}>

export type ProgramDescription = Readonly<{
  name: string
  section: string
  type: ProgramType
  /** With the functions that it calls; a 64-bit load counts as two, as the kernel counts. */
  instructions: number
  /** Names of the constants that it reads, sorted. */
  constants: readonly string[]
  /** Names of the maps that it uses, sorted. */
  maps: readonly string[]
}>

export type MapDescription = Readonly<{
  name: string
  type: MapType
  keySize: number
  valueSize: number
  maxEntries: number
  pinning: MapPlan['pinning']
}>

/** Pure and quick: nothing is read but the plan. */
export function describeObject(plan: ObjectPlan): ObjectDescription {
  return {
    license: plan.license,
    programs: plan.programs.map(({ name, section, type, insns, constantSlots, mapSlots }) => ({
      name,
      section,
      type,
      instructions: insns.length / instructionSize,
      constants: sortedUnique(constantSlots.map(({ constant }) => constant)),
      maps: sortedUnique(mapSlots.map(({ map }) => map)),
    })),
    maps: plan.maps.map(describeMap).sort((a, b) => (a.name < b.name ? -1 : 1)),
    constants: plan.constants,
  }
}

function describeMap({ spec, pinning }: MapPlan): MapDescription {
  const { name, type, keySize, valueSize, maxEntries } = spec
  return { name, type, keySize, valueSize, maxEntries, pinning }
}

function sortedUnique(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}
