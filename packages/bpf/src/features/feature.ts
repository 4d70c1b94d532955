import type { BpfCommands } from '../kernel/command.ts'
import type { MapType } from '../map/map-spec.ts'

/** A part of the kernel that Axoneme uses and that not every kernel has. */
export type Feature = Readonly<{
  /** Stable: in the status and in the file that keeps reports. */
  name: string
  /** For people, as it fits behind "the kernel lacks". */
  title: string
  /** The first Linux that has it, on this architecture. */
  since: string
  /** As it fits behind "needed for". */
  usedFor: string
  need: FeatureNeed
  /** Options of the kernel's configuration that decide on it, where such there are. */
  config?: string
  /** The helper by number, where the feature is one. */
  helper?: number
  /** The map type, where the feature is one. */
  mapType?: MapType
  /**
   * Tries it, and leaves nothing behind. Throws SyscallError or NetlinkError when the kernel's answer is neither yes nor
   * no, as without the rights to ask.
   */
  probe(commands: BpfCommands): boolean
}>

/**
 * `required`: nothing works without. `optional`: the text says what happens without. `fallback`: required only where the
 * named feature is missing.
 */
export type FeatureNeed =
  | Readonly<{ kind: 'required' }>
  | Readonly<{ kind: 'optional'; without: string }>
  | Readonly<{ kind: 'fallback'; of: string }>
