import { closeSync } from 'node:fs'
import { ENODEV, type Netns, openNetns } from '@axoneme/syscalls'
import { isNotFound, NetlinkError } from './errors.ts'
import {
  decodeLink,
  encodeLink,
  type Link,
  type LinkChange,
  type LinkKind,
  linkMessages,
} from './link-codec.ts'
import { messageFlags } from './message.ts'
import { type NetlinkSocket, openSocket } from './socket.ts'

type NewLink = { name: string; mac?: string; mtu?: number; up?: boolean }

export type LinkOperations = {
  links(): Link[]
  linkByName(name: string): Link | undefined
  /** The same beside this thread: others may hold the lock of all devices for long. */
  findLink(name: string): Promise<Link | undefined>
  linkByIndex(ifIndex: number): Link | undefined
  /**
   * A pair of virtual devices, here and in `peerNetns` (default: here). Both ends get the same MTU. Made and moved
   * at once: when this throws, neither end exists.
   */
  addVeth(link: NewLink & { peerName: string; peerNetns?: Netns; peerMac?: string; peerUp?: boolean }): Link
  addDummy(link: NewLink): Link
  addBridge(link: NewLink): Link
  /** A VXLAN device whose tunnel keys come with each packet (`external`), listening on UDP `port`. */
  addVxlan(link: NewLink & { port: number; external: true }): Link
  /** Changes what is given. `netns` moves the device; its index may be another one there. */
  setLink(change: Omit<LinkChange, 'netnsFd'> & { ifIndex: number; netns?: Netns | undefined }): void
  /** @throws NetlinkError (isNotFound) when there is none. The other end of a veth goes with it. */
  deleteLink(ifIndex: number): void
  /** deleteLink, for which a device that is gone is fine. Says whether there was one. */
  ensureNoLink(link: number | { name: string }): boolean
  /** The same beside this thread: the kernel waits tens of milliseconds until nobody can still use the device. */
  removeLink(ifIndex: number): Promise<boolean>
}

export function linkOperations(socket: NetlinkSocket): LinkOperations {
  const find = (request: { ifIndex?: number; change?: LinkChange }, object: string): Link | undefined => {
    try {
      const body = encodeLink(request)
      const [message] = socket.query({ type: linkMessages.get, body, operation: 'get link', object })
      return message === undefined ? undefined : decodeLink(message)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
  const linkByName = (name: string) => find({ change: { name } }, name)
  const findLink = async (name: string): Promise<Link | undefined> => {
    const body = encodeLink({ change: { name } })
    const request = { type: linkMessages.get, body, operation: 'get link', object: name }
    const [message] = await socket.requestAside(request).catch(noneIfNotFound)
    return message === undefined ? undefined : decodeLink(message)
  }

  const add = ({ name, mac, mtu, up }: NewLink, kind: LinkKind): Link => {
    const operation = `add ${kind.kind}`
    const flags = messageFlags.create | messageFlags.exclusive
    const body = encodeLink({ change: { name, mac, mtu, up }, kind })
    socket.change({ type: linkMessages.new, flags, body, operation, object: name })
    const link = linkByName(name)
    if (link === undefined) throw new NetlinkError(operation, name, { errno: ENODEV })
    return link
  }
  const deletion = (ifIndex: number, object = `ifindex ${ifIndex}`) => ({
    type: linkMessages.delete,
    body: encodeLink({ ifIndex }),
    operation: 'delete link',
    object,
  })
  const deleteLink = (ifIndex: number, object?: string) => socket.change(deletion(ifIndex, object))

  return {
    links: () =>
      socket
        .dump({ type: linkMessages.get, body: encodeLink({}), operation: 'list links', object: 'all' })
        .map(decodeLink),
    linkByName,
    findLink,
    linkByIndex: (ifIndex) => find({ ifIndex }, `ifindex ${ifIndex}`),
    addVeth: ({ peerName, peerNetns, peerMac, peerUp, ...link }) =>
      withNetnsFd(peerNetns, (netnsFd) => {
        const made = add(link, {
          kind: 'veth',
          peer: { name: peerName, mac: peerMac, mtu: link.mtu, netnsFd },
        })
        if (peerUp !== true) return made
        try {
          if (netnsFd === undefined) bringUp(socket, peerName)
          else bringUpIn(netnsFd, peerName)
          return made
        } catch (error) {
          deleteLink(made.ifIndex, link.name)
          throw error
        }
      }),
    addDummy: (link) => add(link, { kind: 'dummy' }),
    addBridge: (link) => add(link, { kind: 'bridge' }),
    addVxlan: ({ port, external, ...link }) => add(link, { kind: 'vxlan', port, external }),
    setLink: ({ ifIndex, netns, ...change }) =>
      withNetnsFd(netns, (netnsFd) =>
        socket.change({
          type: linkMessages.new,
          body: encodeLink({ ifIndex, change: { ...change, netnsFd } }),
          operation: 'set link',
          object: `ifindex ${ifIndex}`,
        }),
      ),
    deleteLink: (ifIndex) => deleteLink(ifIndex),
    ensureNoLink: (link) => {
      try {
        const ifIndex = typeof link === 'number' ? link : linkByName(link.name)?.ifIndex
        if (ifIndex === undefined) return false
        deleteLink(ifIndex, typeof link === 'number' ? undefined : link.name)
        return true
      } catch (error) {
        if (isNotFound(error)) return false
        throw error
      }
    },
    removeLink: async (ifIndex) => {
      try {
        await socket.requestAside(deletion(ifIndex))
        return true
      } catch (error) {
        if (isNotFound(error)) return false
        throw error
      }
    },
  }
}

function noneIfNotFound(error: unknown): [] {
  if (isNotFound(error)) return []
  throw error
}

/** The kernel makes a peer down: one end can come up only once both exist. */
function bringUp(socket: NetlinkSocket, name: string): void {
  socket.change({
    type: linkMessages.new,
    body: encodeLink({ change: { name, up: true } }),
    operation: 'set link',
    object: name,
  })
}

function bringUpIn(netnsFd: number, name: string): void {
  using inside = openSocket({ netns: netnsFd })
  bringUp(inside, name)
}

function withNetnsFd<T>(netns: Netns | undefined, use: (fd: number | undefined) => T): T {
  if (typeof netns !== 'string') return use(netns)
  const fd = openNetns(netns)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}
