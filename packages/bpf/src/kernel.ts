import { availableParallelism } from 'node:os'
import { createLimiter } from '@axoneme/lifecycle'
import { type BpfLink, openPinnedLink } from './attach/link.ts'
import { attachTcx, type TcxAttachment } from './attach/tcx.ts'
import { type FeatureName, featureNamed } from './features/table.ts'
import { BpfCommands, type BpfObserver } from './kernel/command.ts'
import {
  type LinkInfo,
  linkInfo,
  type MapInfo,
  mapInfo,
  type ProgramInfo,
  programIds,
  programInfo,
} from './kernel/object-info.ts'
import type { BpfMap } from './map/map.ts'
import type { MapSpec } from './map/map-spec.ts'
import { createMap, getOrCreatePinnedMap, openPinnedMap } from './map/open-map.ts'
import { type BtfHandle, loadBtf } from './program/btf-handle.ts'
import { loadProgram, loadProgramSync } from './program/load-program.ts'
import { openProgram } from './program/open-program.ts'
import type { BpfProgram } from './program/program.ts'
import type { ProgramSpec } from './program/program-spec.ts'

/**
 * The kernel's BPF, behind one observer. Calls are synchronous unless they return a promise. They throw SyscallError with operation, object
 * and errno unless said otherwise; what they return is the caller's to close.
 */
export type BpfKernel = Readonly<{
  createMap(spec: MapSpec): BpfMap
  /** Throws ENOENT when nothing is pinned there. */
  openPinnedMap(path: string): BpfMap
  /** Throws MapShapeError, naming the field, when what is pinned there has another shape; it is never replaced. */
  getOrCreatePinnedMap(path: string, spec: MapSpec): BpfMap
  /** Throws BtfError with the kernel's reasons. */
  loadBtf(bytes: Uint8Array): BtfHandle
  /** Throws ProgramRejectedError with the verifier's log, and with the feature that this kernel lacks if that is why. */
  loadProgramSync(spec: ProgramSpec): BpfProgram
  /** The same beside this thread: as many loads as there are processors run side by side, and nothing here waits. */
  loadProgram(spec: ProgramSpec): Promise<BpfProgram>
  /** Throws ENOENT when no program has that id. */
  openProgram(id: number): BpfProgram
  /**
   * Whether this kernel has it. Tried until it does: a module may bring what was missing. Throws SyscallError when the
   * kernel may not be asked.
   */
  hasFeature(name: FeatureName): boolean
  hasTcx(): boolean
  attachTcx(attachment: TcxAttachment): BpfLink
  /** Throws ENOENT when nothing is pinned there. */
  openPinnedLink(path: string): BpfLink
  mapInfo(fd: number): MapInfo
  programInfo(fd: number): ProgramInfo
  linkInfo(fd: number): LinkInfo
  /** Ids of all loaded programs, ascending. */
  programIds(): number[]
}>

/** Opens nothing by itself: the kernel is there already. `observe` hears every bpf(2) call. */
export function openBpfKernel({ observe }: { observe?: BpfObserver } = {}): BpfKernel {
  const commands = new BpfCommands(observe)
  const found = new Set<FeatureName>()
  // More verifiers than processors would only take them from the event loop.
  const loadInTurn = createLimiter(availableParallelism())
  const hasFeature = (name: FeatureName): boolean => {
    if (!found.has(name) && featureNamed(name).probe(commands)) found.add(name)
    return found.has(name)
  }
  return {
    createMap: (spec) => createMap(commands, spec),
    openPinnedMap: (path) => openPinnedMap(commands, path),
    getOrCreatePinnedMap: (path, spec) => getOrCreatePinnedMap(commands, path, spec),
    loadBtf: (bytes) => loadBtf(commands, bytes),
    loadProgram: (spec) => loadInTurn(() => loadProgram(commands, spec)),
    loadProgramSync: (spec) => loadProgramSync(commands, spec),
    openProgram: (id) => openProgram(commands, id),
    hasFeature,
    hasTcx: () => hasFeature('tcx'),
    attachTcx: (attachment) => attachTcx(commands, attachment),
    openPinnedLink: (path) => openPinnedLink(commands, path),
    mapInfo: (fd) => mapInfo(commands, fd),
    programInfo: (fd) => programInfo(commands, fd),
    linkInfo: (fd) => linkInfo(commands, fd),
    programIds: () => programIds(commands),
  }
}
