import { E2BIG, EINVAL } from '@axoneme/syscalls'
import { BpfAttr } from '../kernel/attr.ts'
import { type BpfCommands, bpfFailure } from '../kernel/command.ts'
import { Descriptor } from '../kernel/descriptor.ts'
import { type MapType, mapFlags, mapTypeNumbers } from '../map/map-spec.ts'

const probeName = 'axo_probe'
const createAttrSize = 72
/** The kernel's own ENOTSUPP, which libc has no name for. */
const ENOTSUPP = 524

/** The smallest map of the type that every kernel with it accepts. */
export function createProbeMap(
  commands: BpfCommands,
  type: MapType | number,
  { flags = 0 }: { flags?: number } = {},
): Descriptor | undefined {
  const [keySize, valueSize, maxEntries] = shapeOf(type)
  const attr = new BpfAttr(createAttrSize)
    .u32(0, typeof type === 'number' ? type : mapTypeNumbers[type])
    .u32(4, keySize)
    .u32(8, valueSize)
    .u32(12, maxEntries)
    .u32(16, type === 'lpm_trie' ? flags | mapFlags.noPrealloc : flags)
    .name(28, probeName)
  const fd = commands.try('map_create', probeName, attr.bytes)
  if (fd >= 0) return new Descriptor(fd, probeName)
  if (isUnknown(fd)) return undefined
  throw bpfFailure('map_create', probeName, -fd)
}

/** A number is a type as the kernel counts them. */
export function probeMapType(type: MapType | number): (commands: BpfCommands) => boolean {
  return (commands) => {
    using map = createProbeMap(commands, type)
    return map !== undefined
  }
}

/** Writes one entry by BPF_MAP_UPDATE_BATCH. */
export function probeBatch(type: MapType): (commands: BpfCommands) => boolean {
  return (commands) => {
    using map = createProbeMap(commands, type)
    if (map === undefined) return false
    const [keySize, valueSize] = shapeOf(type)
    const attr = new BpfAttr(56)
      .pointer(16, Buffer.alloc(keySize))
      .pointer(24, Buffer.alloc(valueSize))
      .u32(32, 1)
      .u32(36, map.fd)
    return isDone(commands, 'map_update_batch', attr)
  }
}

/** A map that neither programs nor, once it is frozen, processes may write. */
export function probeFrozenMaps(commands: BpfCommands): boolean {
  using map = createProbeMap(commands, 'array', { flags: mapFlags.readOnlyProgram })
  return map !== undefined && isDone(commands, 'map_freeze', new BpfAttr(4).u32(0, map.fd))
}

function isDone(commands: BpfCommands, operation: 'map_update_batch' | 'map_freeze', attr: BpfAttr): boolean {
  const result = commands.try(operation, probeName, attr.bytes)
  if (result >= 0) return true
  if (isUnknown(result)) return false
  throw bpfFailure(operation, probeName, -result)
}

/** EINVAL or E2BIG: an unknown command, type or flag. ENOTSUPP: not for this map type. */
function isUnknown(result: number): boolean {
  return result === -EINVAL || result === -E2BIG || result === -ENOTSUPP
}

function shapeOf(type: MapType | number): readonly [keySize: number, valueSize: number, maxEntries: number] {
  switch (type) {
    case 'ringbuf':
      // A multiple of the page size on every machine.
      return [0, 0, 65_536]
    case 'lpm_trie':
      return [8, 4, 1]
    default:
      return [4, 4, 1]
  }
}
