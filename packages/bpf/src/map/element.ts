import { E2BIG, ENOSPC, SyscallError } from '@axoneme/syscalls'
import { MapFullError } from '../errors.ts'
import { type BpfOperation, bpfFailure } from '../kernel/command.ts'
import type { MapSpec } from './map-spec.ts'

/** A key or value of the wrong length is a bug: the kernel would read or write beyond the buffer. */
export function checkLength(map: MapSpec, what: 'key' | 'value', bytes: Uint8Array, size: number): void {
  if (bytes.length === size) return
  throw new RangeError(`map ${map.name}: a ${what} of ${bytes.length} bytes instead of ${size}`)
}

/** The error of a write that the kernel refused: MapFullError where the errno says that there is no room. */
export function writeFailure(map: MapSpec, operation: BpfOperation, errno: number): Error {
  const cause = bpfFailure(operation, map.name, errno)
  // Arrays answer E2BIG to an index that they do not have.
  if (errno === E2BIG && map.type.endsWith('array')) {
    return new SyscallError(`bpf ${operation}`, map.name, errno, {
      hint: `indexes of map ${map.name} are below ${map.maxEntries}`,
    })
  }
  return errno === E2BIG || errno === ENOSPC ? new MapFullError(map, { cause }) : cause
}
