import { constants } from 'node:os'
import { BpfAttr, readObjectName } from './attr.ts'
import { type BpfCommands, bpfFailure } from './command.ts'

/** `struct bpf_map_info`. */
export type MapInfo = Readonly<{
  id: number
  /** A map type number of linux/bpf.h. */
  type: number
  keySize: number
  valueSize: number
  maxEntries: number
  flags: number
  /** Cut by the kernel to 15 characters. */
  name: string
}>

/** `struct bpf_prog_info`. */
export type ProgramInfo = Readonly<{
  id: number
  type: number
  name: string
  /** 16 hexadecimal digits: the kernel's digest of the instructions, without map descriptors. */
  tag: string
  instructionBytes: number
  /** Machine code; 0 without the JIT. */
  jitedBytes: number
  mapIds: readonly number[]
  btfId: number
  verifiedInstructions: number
}>

/** `struct bpf_link_info`. `ifIndex` and `attachType` are there for tcx links; ifIndex 0 is "device gone". */
export type LinkInfo = Readonly<{
  id: number
  type: number
  programId: number
  ifIndex?: number
  attachType?: number
}>

const mapInfoSize = 88
const programInfoSize = 232
const linkInfoSize = 64
const tcxLinkType = 11

export function mapInfo(commands: BpfCommands, fd: number): MapInfo {
  const info = readInfo(commands, { fd, object: `map fd ${fd}`, info: Buffer.alloc(mapInfoSize) })
  return {
    type: info.readUInt32LE(0),
    id: info.readUInt32LE(4),
    keySize: info.readUInt32LE(8),
    valueSize: info.readUInt32LE(12),
    maxEntries: info.readUInt32LE(16),
    flags: info.readUInt32LE(20),
    name: readObjectName(info, 24),
  }
}

export function programInfo(commands: BpfCommands, fd: number): ProgramInfo {
  const object = `program fd ${fd}`
  const counts = readInfo(commands, { fd, object, info: Buffer.alloc(programInfoSize) })
  const mapCount = counts.readUInt32LE(52)
  const mapIds = Buffer.alloc(mapCount * 4)
  const request = new BpfAttr(programInfoSize).u32(52, mapCount).pointer(56, mapIds)
  const info = readInfo(commands, { fd, object, info: request.bytes })
  return {
    type: info.readUInt32LE(0),
    id: info.readUInt32LE(4),
    tag: info.toString('hex', 8, 16),
    jitedBytes: info.readUInt32LE(16),
    instructionBytes: info.readUInt32LE(20),
    name: readObjectName(info, 64),
    mapIds: Array.from({ length: mapCount }, (_, index) => mapIds.readUInt32LE(index * 4)),
    btfId: info.readUInt32LE(128),
    verifiedInstructions: info.readUInt32LE(216),
  }
}

export function linkInfo(commands: BpfCommands, fd: number): LinkInfo {
  const info = readInfo(commands, { fd, object: `link fd ${fd}`, info: Buffer.alloc(linkInfoSize) })
  const link = { type: info.readUInt32LE(0), id: info.readUInt32LE(4), programId: info.readUInt32LE(8) }
  if (link.type !== tcxLinkType) return link
  return { ...link, ifIndex: info.readUInt32LE(16), attachType: info.readUInt32LE(20) }
}

function readInfo(
  commands: BpfCommands,
  { fd, object, info }: { fd: number; object: string; info: Buffer },
): Buffer {
  commands.run('obj_info', object, new BpfAttr(16).u32(0, fd).u32(4, info.length).pointer(8, info).bytes)
  return info
}

/** The ids of all programs loaded on this machine, ascending. */
export function programIds(commands: BpfCommands): number[] {
  const ids: number[] = []
  for (let last = 0; ; ) {
    const attr = new BpfAttr(12).u32(0, last)
    const result = commands.try('prog_next_id', 'programs', attr.bytes)
    if (result === -constants.errno.ENOENT) return ids
    if (result < 0) throw bpfFailure('prog_next_id', 'programs', -result)
    last = attr.bytes.readUInt32LE(4)
    ids.push(last)
  }
}
