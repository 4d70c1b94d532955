import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'

/** Larger inputs are cut. The largest object of the datapath has 190 kB. */
export const maxInputBytes = 256 * 1024

const headerBytes = 8

/**
 * The input that a worker runs at the moment, in a file that outlives it: what is there when the worker does not go on
 * is what it hangs or died on. One process posts, another reads.
 */
export class Mailbox implements Disposable {
  readonly #file: number
  readonly #copy = Buffer.alloc(headerBytes + maxInputBytes)
  #length = 0
  #sequence = 0

  /** Opens the file, or makes it. */
  constructor(path: string) {
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  }

  /** Called for every input before it is run. */
  post(input: Buffer): void {
    this.#length = input.length
    this.#sequence++
    this.#copy.writeUInt32LE(this.#sequence, 0)
    this.#copy.writeUInt32LE(input.length, 4)
    input.copy(this.#copy, headerBytes)
    writeSync(this.#file, this.#copy, 0, headerBytes + input.length, 0)
  }

  /** Whether the input that was posted last is still what it was. */
  holds(input: Buffer): boolean {
    return this.#copy.subarray(headerBytes, headerBytes + this.#length).equals(input)
  }

  /** How many inputs the other process has posted, and the last of them. Only whole when it does not post any more. */
  read(): { sequence: number; input: Buffer } {
    const read = readSync(this.#file, this.#copy, 0, this.#copy.length, 0)
    if (read < headerBytes) return { sequence: 0, input: Buffer.alloc(0) }
    const end = Math.min(read, headerBytes + this.#copy.readUInt32LE(4))
    return { sequence: this.#copy.readUInt32LE(0), input: Buffer.from(this.#copy.subarray(headerBytes, end)) }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}
