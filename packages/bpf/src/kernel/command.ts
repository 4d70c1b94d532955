import { SyscallError, syscall, syscallAside } from '@axoneme/syscalls'

/** Commands of bpf(2), `enum bpf_cmd` in linux/bpf.h, by the names that observers see. */
const commandNumbers = {
  map_create: 0,
  map_lookup: 1,
  map_update: 2,
  map_delete: 3,
  map_next_key: 4,
  prog_load: 5,
  obj_pin: 6,
  obj_get: 7,
  prog_test_run: 10,
  prog_next_id: 11,
  prog_get_fd: 13,
  obj_info: 15,
  btf_load: 18,
  map_freeze: 22,
  map_lookup_batch: 24,
  map_lookup_and_delete_batch: 25,
  map_update_batch: 26,
  map_delete_batch: 27,
  link_create: 28,
  link_update: 29,
} as const

export type BpfOperation = keyof typeof commandNumbers

/**
 * One call of bpf(2). `object` is the name or path of what it was about; `errno` is there when it failed. ENOENT is an
 * ordinary answer of look-ups and the end of every walk.
 */
export type BpfEvent = Readonly<{
  operation: BpfOperation
  object: string
  durationMs: number
  errno?: number
}>

export type BpfObserver = (event: BpfEvent) => void

/** bpf(2) with every call reported to the observer. */
export class BpfCommands {
  readonly #observe: BpfObserver | undefined

  constructor(observe: BpfObserver | undefined) {
    this.#observe = observe
  }

  /** The result, or the negated errno. `attr` is the bytes of a BpfAttr, which keep alive what they point to. */
  try(operation: BpfOperation, object: string, attr: Buffer): number {
    const startedMs = performance.now()
    const result = syscall('bpf', commandNumbers[operation], attr, attr.length)
    this.#report(operation, object, { startedMs, result })
    return result
  }

  /** The same on another thread, while this one goes on. Only for operations that no namespace matters to. */
  async tryAside(operation: BpfOperation, object: string, attr: Buffer): Promise<number> {
    const startedMs = performance.now()
    const result = await syscallAside('bpf', commandNumbers[operation], attr, attr.length)
    this.#report(operation, object, { startedMs, result })
    return result
  }

  /** The result. Throws SyscallError with the operation, the object and the errno. */
  run(operation: BpfOperation, object: string, attr: Buffer): number {
    const result = this.try(operation, object, attr)
    if (result < 0) throw bpfFailure(operation, object, -result)
    return result
  }

  #report(
    operation: BpfOperation,
    object: string,
    { startedMs, result }: { startedMs: number; result: number },
  ): void {
    if (this.#observe === undefined) return
    const event = { operation, object, durationMs: performance.now() - startedMs }
    this.#observe(result < 0 ? { ...event, errno: -result } : event)
  }
}

export function bpfFailure(operation: BpfOperation, object: string, errno: number): SyscallError {
  return new SyscallError(`bpf ${operation}`, object, errno)
}
