import type { BpfCommands } from '../kernel/command.ts'
import { Descriptor } from '../kernel/descriptor.ts'
import { pinObject } from '../kernel/pin.ts'
import { runTest, type TestRunOptions, type TestRunResult } from './test-run.ts'

/** A loaded program. Throws SyscallError where the kernel refuses. */
export class BpfProgram extends Descriptor {
  readonly id: number
  readonly name: string
  /** 16 hexadecimal digits; equal for equal instructions, whatever maps they use. */
  readonly tag: string
  readonly #commands: BpfCommands

  constructor(
    commands: BpfCommands,
    { fd, id, name, tag }: { fd: number; id: number; name: string; tag: string },
  ) {
    super(fd, `program ${name}`)
    this.id = id
    this.name = name
    this.tag = tag
    this.#commands = commands
  }

  /** Makes the program survive this process. */
  pin(path: string): void {
    pinObject(this.#commands, this.fd, path)
  }

  /** Runs the program on `data` as its packet, without any device. */
  testRun(options: TestRunOptions): TestRunResult {
    return runTest(this.#commands, { fd: this.fd, name: this.name, ...options })
  }
}
