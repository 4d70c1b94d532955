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
export { addressOf, type SyscallArgument, type SyscallName, syscall } from './syscall.ts'
