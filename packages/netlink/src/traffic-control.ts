import { decodeAttributes, join, nested, readNested, readText, readU32, text, u32 } from './attributes.ts'
import { isExists, isNotFound, MalformedNetlinkError } from './errors.ts'
import { optional } from './link-codec.ts'
import { messageFlags, type NetlinkMessage } from './message.ts'
import type { NetlinkSocket } from './socket.ts'

export type Direction = 'ingress' | 'egress'

/** A filter at a device's clsact hooks. */
export type Filter = Readonly<{
  /** `bpf`, `u32`, ... */
  kind: string
  priority: number
  handle: number
  name?: string
  /** Of a `bpf` filter: the kernel's id of its program. */
  programId?: number
}>

export type FilterPlace = { ifIndex: number; direction: Direction; priority: number; handle: number }

export type TrafficControlOperations = {
  /** Gives the device its clsact hooks. Hooks that are there are fine. */
  addClsact(ifIndex: number): void
  /** Takes the hooks away, with all their filters. */
  deleteClsact(ifIndex: number): void
  /**
   * Puts a program (direct action) where `priority` and `handle` say, in one step with what is there now. The
   * kernel keeps the program; the descriptor can be closed.
   */
  replaceBpfFilter(filter: FilterPlace & { programFd: number; name: string }): void
  /** A filter, hook or device that is gone is fine. */
  deleteBpfFilter(filter: FilterPlace): void
  /** In the order in which they run. */
  filters(ifIndex: number, direction: Direction): Filter[]
}

// linux/rtnetlink.h, linux/pkt_sched.h, linux/pkt_cls.h, linux/if_ether.h
const qdiscMessages = { new: 36, delete: 37 } as const
const filterMessages = { new: 44, delete: 45, get: 46 } as const
const clsactHandle = 0xffff_0000
const parents = { clsact: 0xffff_fff1, ingress: 0xffff_fff2, egress: 0xffff_fff3 } as const
const tca = { kind: 1, options: 2 } as const
const tcaBpf = { fd: 6, name: 7, flags: 8, id: 11 } as const
const directAction = 1
/** ETH_P_ALL, in network byte order as the kernel wants it. */
const allProtocols = 0x0300
/** `struct tcmsg`. */
const headerLength = 20

function encodeTc({
  ifIndex,
  handle = 0,
  parent,
  info = 0,
}: {
  ifIndex: number
  handle?: number
  parent: number
  info?: number
}): Buffer {
  const header = Buffer.alloc(headerLength)
  header.writeInt32LE(ifIndex, 4)
  header.writeUInt32LE(handle, 8)
  header.writeUInt32LE(parent, 12)
  header.writeUInt32LE(info, 16)
  return header
}

/** Undefined for the entry that only stands for a priority. @throws MalformedNetlinkError */
export function decodeFilter({ body }: NetlinkMessage): Filter | undefined {
  if (body.length < headerLength) throw new MalformedNetlinkError(`filter of ${body.length} bytes`)
  const handle = body.readUInt32LE(8)
  if (handle === 0) return undefined
  const attributes = decodeAttributes(body.subarray(headerLength))
  const kind = readText(attributes, tca.kind) ?? ''
  const options = kind === 'bpf' ? readNested(attributes, tca.options) : undefined
  return {
    kind,
    priority: body.readUInt16LE(18),
    handle,
    ...optional('name', options && readText(options, tcaBpf.name)),
    ...optional('programId', options && readU32(options, tcaBpf.id)),
  }
}

export function trafficControlOperations(socket: NetlinkSocket): TrafficControlOperations {
  const clsactHeader = (ifIndex: number) =>
    join(encodeTc({ ifIndex, handle: clsactHandle, parent: parents.clsact }), text(tca.kind, 'clsact'))
  const filterHeader = ({ ifIndex, direction, priority, handle }: FilterPlace) =>
    join(
      encodeTc({ ifIndex, handle, parent: parents[direction], info: priority * 0x1_0000 + allProtocols }),
      text(tca.kind, 'bpf'),
    )
  const describe = ({ ifIndex, direction, priority, handle }: FilterPlace) =>
    `${direction} of ifindex ${ifIndex}, priority ${priority}, handle ${handle}`

  return {
    addClsact: (ifIndex) =>
      unless(isExists, () =>
        socket.change({
          type: qdiscMessages.new,
          flags: messageFlags.create | messageFlags.exclusive,
          body: clsactHeader(ifIndex),
          operation: 'add clsact',
          object: `ifindex ${ifIndex}`,
        }),
      ),
    deleteClsact: (ifIndex) =>
      unless(isGone, () =>
        socket.change({
          type: qdiscMessages.delete,
          body: clsactHeader(ifIndex),
          operation: 'delete clsact',
          object: `ifindex ${ifIndex}`,
        }),
      ),
    replaceBpfFilter: ({ programFd, name, ...place }) =>
      socket.change({
        type: filterMessages.new,
        flags: messageFlags.create | messageFlags.replace,
        body: join(
          filterHeader(place),
          nested(
            tca.options,
            u32(tcaBpf.fd, programFd),
            text(tcaBpf.name, name),
            u32(tcaBpf.flags, directAction),
          ),
        ),
        operation: 'replace bpf filter',
        object: describe(place),
      }),
    deleteBpfFilter: (place) =>
      unless(isGone, () =>
        socket.change({
          type: filterMessages.delete,
          body: filterHeader(place),
          operation: 'delete bpf filter',
          object: describe(place),
        }),
      ),
    filters: (ifIndex, direction) =>
      socket
        .dump({
          type: filterMessages.get,
          body: encodeTc({ ifIndex, parent: parents[direction] }),
          operation: 'list filters',
          object: `${direction} of ifindex ${ifIndex}`,
        })
        .map(decodeFilter)
        .filter((filter) => filter !== undefined),
  }
}

/** Without clsact, deleting in it is EINVAL. */
function isGone(error: unknown): boolean {
  return isNotFound(error) || (error instanceof Error && 'code' in error && error.code === 'EINVAL')
}

function unless(expected: (error: unknown) => boolean, run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!expected(error)) throw error
  }
}
