import { closeSync } from 'node:fs'
import { parseIp } from '@axoneme/net-types'
import { EINVAL, SyscallError } from './errors.ts'
import { type Netns, withNetns } from './namespaces.ts'
import { syscall } from './syscall.ts'

// sys/socket.h, netinet/in.h
const afInet = 2
const afInet6 = 10
const sockStream = 1
const sockDgram = 2
const sockNonblock = 0x800
const sockCloexec = 0x8_0000
const solSocket = 1
const soReuseaddr = 2
const ipprotoIpv6 = 41
const ipv6V6only = 26

export type SocketAddress = {
  /** Where the socket lives; this thread's namespace when absent. */
  netns?: Netns | undefined
  /** An IPv4 or IPv6 address, never a name. */
  address: string
  port: number
}

/**
 * A listening TCP socket for `server.listen({ fd })`. Non-blocking, close-on-exec, SO_REUSEADDR; `::` takes IPv6
 * only. The caller owns the descriptor.
 */
export function listenTcp({ backlog = 511, ...at }: SocketAddress & { backlog?: number }): number {
  return openSocket(at, sockStream, (fd) => {
    bind(fd, at)
    must('listen', describe(at), syscall('listen', fd, backlog))
  })
}

/** A bound UDP socket for `dgram.createSocket(type).bind({ fd })`. Otherwise as listenTcp. */
export function bindUdp(at: SocketAddress): number {
  return openSocket(at, sockDgram, (fd) => bind(fd, at))
}

/**
 * A TCP socket that is not connected yet, for `new net.Socket({ fd }).connect({ host, port })`: Node connects the
 * descriptor it was given, in the namespace where it was made. `at` is the
 * remote end, of which only the family counts here; `local` is the local end, chosen by the kernel when absent.
 */
export function unconnectedTcp(at: SocketAddress & { local?: { address: string; port: number } }): number {
  return openSocket(at, sockStream, (fd) => {
    if (at.local !== undefined) bind(fd, at.local)
  })
}

/** `struct sockaddr_in` or `sockaddr_in6`. Undefined when `address` is no address or `port` none. */
function encodeSockaddr(address: string, port: number): Buffer | undefined {
  const bytes = parseIp(address)
  if (bytes === undefined || !Number.isInteger(port) || port < 0 || port > 65535) return undefined
  const v6 = bytes.length === 16
  const sockaddr = Buffer.alloc(v6 ? 28 : 16)
  sockaddr.writeUInt16LE(v6 ? afInet6 : afInet, 0)
  sockaddr.writeUInt16BE(port, 2)
  sockaddr.set(bytes, v6 ? 8 : 4)
  return sockaddr
}

function openSocket(at: SocketAddress, type: number, prepare: (fd: number) => void): number {
  const family = at.address.includes(':') ? afInet6 : afInet
  const make = () => {
    const fd = syscall('socket', family, type | sockNonblock | sockCloexec, 0)
    must('socket', describe(at), fd)
    try {
      setOption(fd, solSocket, soReuseaddr)
      if (family === afInet6) setOption(fd, ipprotoIpv6, ipv6V6only)
      prepare(fd)
      return fd
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }
  return at.netns === undefined ? make() : withNetns(at.netns, make)
}

function bind(fd: number, at: { address: string; port: number }): void {
  const sockaddr = encodeSockaddr(at.address, at.port)
  if (sockaddr === undefined) throw new SyscallError('bind', describe(at), EINVAL)
  must('bind', describe(at), syscall('bind', fd, sockaddr, sockaddr.length))
}

function setOption(fd: number, level: number, option: number): void {
  const on = Buffer.from(Int32Array.of(1).buffer)
  must('setsockopt', `${level}/${option}`, syscall('setsockopt', fd, level, option, on, on.length))
}

function must(operation: string, object: string, result: number): void {
  if (result < 0) throw new SyscallError(operation, object, -result)
}

function describe({ address, port, netns }: SocketAddress): string {
  const host = address.includes(':') ? `[${address}]` : address
  return netns === undefined ? `${host}:${port}` : `${host}:${port} in network namespace ${netns}`
}
