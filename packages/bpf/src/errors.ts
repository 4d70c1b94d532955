import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'
import type { SyscallError } from '@axoneme/syscalls'

/** A value does not fit the C struct, or a struct cannot be laid out; names the field. */
export class LayoutError extends CodedError {
  constructor(message: string, options?: CodedErrorOptions) {
    super('BPF_LAYOUT', message, options)
  }
}

/** The bytes are not BTF as the kernel's Documentation/bpf/btf.rst describes it; names the type. */
export class BtfError extends CodedError {
  constructor(message: string, options?: CodedErrorOptions) {
    super('BTF_INVALID', message, options)
  }
}

/** The map has no room for another entry. A later attempt can succeed when entries have gone. */
export class MapFullError extends CodedError {
  readonly map: string
  readonly maxEntries: number

  constructor(map: { name: string; maxEntries: number }, options: { cause: SyscallError }) {
    super('BPF_MAP_FULL', `map ${map.name} is full: it holds its maximum of ${map.maxEntries} entries`, {
      ...options,
      retryable: true,
      hint: `remove entries, or raise the size option of map ${map.name} above ${map.maxEntries} and recreate it`,
    })
    this.map = map.name
    this.maxEntries = map.maxEntries
  }
}

/** A pinned map exists and has another shape than the one asked for. It was left as it is. */
export class MapShapeError extends CodedError {
  readonly field: string

  constructor(path: string, { field, have, want }: { field: string; have: unknown; want: unknown }) {
    super('BPF_MAP_SHAPE', `pinned map ${path}: ${field} is ${String(have)}, wanted ${String(want)}`, {
      hint: `keep ${field} as it was, or drain the node and remove the pin ${path} so that it is made anew`,
    })
    this.field = field
  }
}

const shownLogLines = 12

/**
 * The verifier refused the program. `verifierLog` is complete; the message ends with its last lines. The cause is a
 * KernelFeatureError where the program uses what this kernel lacks, the SyscallError otherwise.
 */
export class ProgramRejectedError extends CodedError {
  readonly program: string
  readonly errno: number
  readonly verifierLog: string

  constructor(
    program: string,
    verifierLog: string,
    { refusal, cause }: { refusal: SyscallError; cause: CodedError },
  ) {
    const lines = verifierLog.trimEnd().split('\n')
    const shown = lines.slice(-shownLogLines).join('\n  ')
    super(
      'BPF_PROGRAM_REJECTED',
      `load program ${program}: ${refusal.errnoName}; the verifier says:\n  ${shown}`,
      { cause, retryable: refusal.retryable },
    )
    this.program = program
    this.errno = refusal.errno
    this.verifierLog = verifierLog
  }
}
