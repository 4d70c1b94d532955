import { EEXIST, EINVAL, EPERM, SyscallError } from '@axoneme/syscalls'
import { MapShapeError } from '../errors.ts'
import { findMissingForMap, KernelFeatureError } from '../features/missing.ts'
import { BpfAttr } from '../kernel/attr.ts'
import { type BpfCommands, bpfFailure } from '../kernel/command.ts'
import { adoptDescriptor } from '../kernel/descriptor.ts'
import { mapInfo } from '../kernel/object-info.ts'
import { openPinned, openPinnedIfAny } from '../kernel/pin.ts'
import { possibleCpuCount } from './cpus.ts'
import { BpfMap } from './map.ts'
import {
  findShapeDifference,
  isPerCpu,
  type MapSpec,
  mapFlags,
  mapTypeName,
  mapTypeNumbers,
} from './map-spec.ts'

const createAttrSize = 72

/** A new map. Throws SyscallError; KernelFeatureError when the kernel does not have its type. */
export function createMap(commands: BpfCommands, spec: MapSpec): BpfMap {
  const attr = new BpfAttr(createAttrSize)
    .u32(0, mapTypeNumbers[spec.type])
    .u32(4, spec.keySize)
    .u32(8, spec.valueSize)
    .u32(12, spec.maxEntries)
    .u32(16, spec.flags)
    .name(28, spec.name)
  if (spec.btf !== undefined) {
    attr.u32(48, spec.btf.fd).u32(52, spec.btf.keyTypeId).u32(56, spec.btf.valueTypeId)
  }
  const fd = commands.try('map_create', spec.name, attr.bytes)
  if (fd < 0) {
    const hint = creationHint(spec, -fd)
    const refusal = new SyscallError('bpf map_create', spec.name, -fd, hint === undefined ? {} : { hint })
    const missing = findMissingForMap(commands, spec, -fd)
    throw missing === undefined ? refusal : new KernelFeatureError([missing], { cause: refusal })
  }
  return openMap(commands, { fd, spec })
}

/** The map pinned at the path. Throws SyscallError ENOENT when there is none. */
export function openPinnedMap(commands: BpfCommands, path: string): BpfMap {
  return openMap(commands, { fd: openPinned(commands, path, 'map') })
}

/**
 * The map pinned at the path, or a new one pinned there. Throws MapShapeError naming the field when the pinned one
 * has another shape; it is never replaced.
 */
export function getOrCreatePinnedMap(commands: BpfCommands, path: string, spec: MapSpec): BpfMap {
  const existing = openPinnedIfAny(commands, path, 'map')
  if (existing !== undefined) return adopt(openMap(commands, { fd: existing }), path, spec)
  const created = createMap(commands, spec)
  try {
    created.pin(path)
    return created
  } catch (error) {
    created.close()
    if (!(error instanceof SyscallError && error.errno === EEXIST)) throw error
    // Another process was faster: its map is the one.
    return adopt(openPinnedMap(commands, path), path, spec)
  }
}

function adopt(map: BpfMap, path: string, spec: MapSpec): BpfMap {
  const difference = findShapeDifference(map.spec, spec)
  if (difference === undefined) return map
  map.close()
  throw new MapShapeError(path, difference)
}

function openMap(commands: BpfCommands, { fd, spec }: { fd: number; spec?: MapSpec }): BpfMap {
  return adoptDescriptor(fd, () => {
    const { name, keySize, valueSize, maxEntries, flags, ...info } = mapInfo(commands, fd)
    const type = mapTypeName(info.type)
    if (type === undefined) throw bpfFailure('obj_info', `map ${name} of unknown type ${info.type}`, EINVAL)
    return new BpfMap(commands, {
      fd,
      id: info.id,
      spec: spec ?? { name, type, keySize, valueSize, maxEntries, flags },
      cpuCount: isPerCpu(type) ? possibleCpuCount() : 1,
    })
  })
}

function creationHint(spec: MapSpec, errno: number): string | undefined {
  if (errno === EPERM)
    return 'creating maps needs CAP_BPF, or root; before Linux 5.11 also a high RLIMIT_MEMLOCK'
  if (errno !== EINVAL) return undefined
  if (spec.type === 'lpm_trie' && (spec.flags & mapFlags.noPrealloc) === 0)
    return 'an lpm_trie needs the flag noPrealloc'
  if (spec.type === 'ringbuf')
    return 'maxEntries of a ringbuf is a power of two and a multiple of the page size'
  return 'sizes, maxEntries and flags must suit the map type'
}
