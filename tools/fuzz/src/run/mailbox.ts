/** Larger inputs are cut. The largest object of the datapath has 190 kB. */
export const maxInputBytes = 256 * 1024

const headerBytes = 8

/**
 * The input that a worker runs at the moment, in memory that it shares with the main thread: what is there when the
 * worker does not go on is what it hangs or died on.
 */
export class Mailbox {
  readonly memory: SharedArrayBuffer
  readonly #header: Int32Array
  readonly #input: Buffer

  constructor(memory = new SharedArrayBuffer(headerBytes + maxInputBytes)) {
    this.memory = memory
    this.#header = new Int32Array(memory, 0, 2)
    this.#input = Buffer.from(memory, headerBytes)
  }

  /** Called for every input before it is run. */
  post(input: Buffer): void {
    input.copy(this.#input)
    Atomics.store(this.#header, 1, input.length)
    Atomics.add(this.#header, 0, 1)
  }

  /** Changes with every post. */
  get sequence(): number {
    return Atomics.load(this.#header, 0)
  }

  /** Whether the input posted last is still what it was. */
  holds(input: Buffer): boolean {
    return this.#input.subarray(0, Atomics.load(this.#header, 1)).equals(input)
  }

  input(): Buffer {
    return Buffer.from(this.#input.subarray(0, Atomics.load(this.#header, 1)))
  }
}
