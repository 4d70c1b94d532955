import {
  type Btf,
  BtfError,
  type BtfMember,
  btfSizeOf,
  btfTypeAt,
  findBtfType,
  type MapSpec,
  type MapType,
  mapTypeName,
  resolveBtfType,
} from '@axoneme/bpf'
import { definitionOf, readDefinitions } from '../elf/definitions.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import { ElfError } from '../errors.ts'
import { checkName } from './names.ts'
import type { MapPlan } from './object-plan.ts'

/** A map definition and where it lies in the .maps section. */
export type MapVariable = Readonly<{ name: string; offset: number; plan: MapPlan }>

/** Types whose keys and values the kernel lets BTF describe. */
const describedTypes: ReadonlySet<MapType> = new Set([
  'hash',
  'array',
  'percpu_hash',
  'percpu_array',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
] as const)

/**
 * The maps that the object defines by libbpf's convention: a variable in `.maps` whose type's members say what it is,
 * numbers as the length of an array (`int (*max_entries)[64]`), types as a pointer to them. Throws ElfError naming
 * the map and the member.
 */
export function readMapDefinitions(elf: ElfFile, btf: Btf | undefined): MapVariable[] {
  const section = elf.sections.find(({ name }) => name === '.maps')
  if (section === undefined) return []
  const datasec = btf && findBtfType(btf, 'datasec', '.maps')
  if (btf === undefined || datasec === undefined) {
    throw new ElfError('section .maps has no BTF', { hint: 'compile with -g' })
  }
  const definitions = readDefinitions(elf)
  const names = new Set<string>()
  return datasec.type.variables.map(({ type }) => {
    const variable = btfTypeAt(btf, type)
    if (variable.kind !== 'var') throw new ElfError(`section .maps: a ${variable.kind} that is no variable`)
    const { name } = variable
    checkName('map', name)
    if (names.has(name)) throw new ElfError(`map ${name} is there twice`)
    names.add(name)
    const { value } = definitionOf(definitions, section, name)
    return { name, offset: value, plan: namedDefinition(btf, name, variable.type) }
  })
}

function namedDefinition(btf: Btf, map: string, typeId: number): MapPlan {
  try {
    return readDefinition(btf, map, typeId)
  } catch (error) {
    if (error instanceof BtfError) throw new ElfError(`map ${map}`, { cause: error })
    throw error
  }
}

function readDefinition(btf: Btf, map: string, typeId: number): MapPlan {
  const { type: struct } = resolveBtfType(btf, typeId)
  if (struct.kind !== 'struct') throw new ElfError(`map ${map} is a ${struct.kind}, not a struct`)
  const numbers = new Map<string, number>()
  const types = new Map<string, number>()
  for (const member of struct.members) {
    if (types.has(member.name) || numbers.has(member.name))
      throw new ElfError(`map ${map}: member ${member.name} is there twice`)
    if (member.name === 'key' || member.name === 'value') types.set(member.name, pointee(btf, map, member))
    else if (numberMembers.has(member.name)) numbers.set(member.name, readNumber(btf, map, member))
    else throw new ElfError(`map ${map}: member ${member.name} is not supported`)
  }
  const typeNumber = numbers.get('type')
  const type = typeNumber === undefined ? undefined : mapTypeName(typeNumber)
  if (type === undefined)
    throw new ElfError(`map ${map}: its type ${typeNumber ?? ''} is missing or not supported`)
  const size = (what: 'key' | 'value') =>
    elementSize({ btf, map, what, type: types.get(what), size: numbers.get(`${what}_size`) })
  const spec: MapSpec = {
    name: map,
    type,
    keySize: size('key'),
    valueSize: size('value'),
    maxEntries: numbers.get('max_entries') ?? 0,
    flags: numbers.get('map_flags') ?? 0,
  }
  const keyTypeId = types.get('key')
  const valueTypeId = types.get('value')
  const described = describedTypes.has(type) && keyTypeId !== undefined && valueTypeId !== undefined
  const pinning = readPinning(map, numbers.get('pinning') ?? 0)
  return described ? { spec, pinning, btfTypes: { keyTypeId, valueTypeId } } : { spec, pinning }
}

const numberMembers: ReadonlySet<string> = new Set([
  'type',
  'key_size',
  'value_size',
  'max_entries',
  'map_flags',
  'pinning',
])

/** `__uint(name, value)` is `int (*name)[value]`. */
function readNumber(btf: Btf, map: string, member: BtfMember): number {
  const { type } = resolveBtfType(btf, pointee(btf, map, member))
  if (type.kind !== 'array') throw new ElfError(`map ${map}: member ${member.name} is not a number`)
  return type.length
}

/** `__type(name, type)` is `type *name`. */
function pointee(btf: Btf, map: string, member: BtfMember): number {
  const { type } = resolveBtfType(btf, member.type)
  if (type.kind !== 'ptr')
    throw new ElfError(`map ${map}: member ${member.name} is a ${type.kind}, not a pointer`)
  return type.type
}

function elementSize({
  btf,
  map,
  what,
  type,
  size,
}: {
  btf: Btf
  map: string
  what: 'key' | 'value'
  type: number | undefined
  size: number | undefined
}): number {
  const typeSize = type === undefined ? undefined : btfSizeOf(btf, type)
  if (typeSize !== undefined && size !== undefined && typeSize !== size) {
    throw new ElfError(`map ${map}: ${what}_size is ${size}, but its type has ${typeSize} bytes`)
  }
  return typeSize ?? size ?? 0
}

function readPinning(map: string, value: number): MapPlan['pinning'] {
  if (value === 0) return 'none'
  if (value === 1) return 'by-name'
  throw new ElfError(`map ${map}: unknown pinning ${value}`)
}
