export {
  E2BIG,
  EAGAIN,
  EBUSY,
  EEXIST,
  EINTR,
  EINVAL,
  ENODEV,
  ENOENT,
  ENOSPC,
  EPERM,
  ESRCH,
  errnoName,
  SyscallError,
} from './errors.ts'
export { mapSharedMemory, pageBytes, type SharedMemory } from './memory.ts'
export {
  createNetns,
  deleteNetns,
  type Netns,
  NetnsLostError,
  netnsInode,
  openNetns,
  withNetns,
} from './namespaces.ts'
export {
  bindUdpInNetns,
  type ConnectOptions,
  connectInNetns,
  serveTcpInNetns,
} from './netns-sockets.ts'
export { dropExecutedPages, trimAllocator } from './resident-memory.ts'
export { bindUdp, listenTcp, type SocketAddress, unconnectedTcp } from './sockets.ts'
export { addressOf, type SyscallArgument, type SyscallName, syscall, syscallAside } from './syscall.ts'
