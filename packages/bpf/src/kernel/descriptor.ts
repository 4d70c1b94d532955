import { SyscallError, syscall } from '@axoneme/syscalls'

/** Wraps a new descriptor by `open`, and closes it when that fails. */
export function adoptDescriptor<T>(fd: number, open: (fd: number) => T): T {
  try {
    return open(fd)
  } catch (error) {
    syscall('close', fd)
    throw error
  }
}

/** Owns a file descriptor of a kernel object. Closing twice is harmless; use after closing is a bug and throws. */
export class Descriptor implements Disposable {
  readonly #object: string
  #fd: number

  constructor(fd: number, object: string) {
    this.#fd = fd
    this.#object = object
  }

  get fd(): number {
    if (this.#fd < 0) throw new Error(`${this.#object} is closed`)
    return this.#fd
  }

  close(): void {
    if (this.#fd < 0) return
    const result = syscall('close', this.#fd)
    this.#fd = -1
    if (result < 0) throw new SyscallError('close', this.#object, -result)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
