import type { Logger } from '@axoneme/log'
import type { Call, Calls } from './calls.ts'
import { KvstoreError } from './errors.ts'
import { checkKey } from './limits.ts'
import { type HeldLock, takeLock } from './lock.ts'
import type { KvTransport, TransportCondition } from './transport.ts'
import type { KvCommit, KvLock, KvWrite } from './types.ts'

type WriteIf = (
  call: Call,
  conditions: readonly TransportCondition[],
  writes: readonly KvWrite[],
) => Promise<boolean>

/** The locks of one client: those that it holds and those that it is taking, all given back when it closes. */
export class Locks implements AsyncDisposable {
  readonly #transport: KvTransport
  readonly #calls: Calls
  readonly #writeIf: WriteIf
  readonly #log: Logger
  readonly #random: () => number
  readonly #taking = new Set<Promise<HeldLock | undefined>>()
  readonly #held = new Set<HeldLock>()
  readonly #releasing = new Set<Promise<void>>()

  constructor({
    transport,
    calls,
    writeIf,
    log,
    random,
  }: {
    transport: KvTransport
    calls: Calls
    writeIf: WriteIf
    log: Logger
    random: () => number
  }) {
    this.#transport = transport
    this.#calls = calls
    this.#writeIf = writeIf
    this.#log = log
    this.#random = random
  }

  take(call: Call, { onlyIfFree }: { onlyIfFree: boolean }): Promise<KvLock | undefined> {
    const { operation, key: path } = call
    return this.#calls.run(call, async (signal) => {
      checkKey(operation, path)
      const taking = takeLock({
        transport: this.#transport,
        path,
        onlyIfFree,
        signal,
        log: this.#log,
        random: this.#random,
      })
      // Closing waits for all of them: a lock that nobody knows of any more must not be left behind.
      this.#taking.add(taking)
      taking.catch(() => {}).finally(() => this.#taking.delete(taking))
      const held = await taking
      if (signal.aborted) await held?.release()
      signal.throwIfAborted()
      if (held === undefined) return undefined
      this.#held.add(held)
      return this.#handle(path, held)
    })
  }

  /** After `calls` was closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#taking)
    await Promise.all([...[...this.#held].map((held) => held.release()), ...this.#releasing])
  }

  #handle(path: string, held: HeldLock): KvLock {
    const release = async () => {
      if (!this.#held.delete(held)) return
      const call = { operation: 'unlock', kind: 'lock', key: path } as const
      const releasing = this.#calls.runUnlimited(call, () => held.release())
      this.#releasing.add(releasing)
      await releasing
      this.#releasing.delete(releasing)
    }
    const fenced = async (call: Call, { conditions, writes }: KvCommit): Promise<boolean> => {
      if (held.ended.aborted) throw lost('fenced write', path)
      if (await this.#writeIf(call, [held.fence, ...conditions], writes)) return true
      await this.#assertHeld(path, held)
      return false
    }
    return {
      path,
      assertHeld: () => this.#assertHeld(path, held),
      createOnly: (key, value, { leased = false, signal } = {}) =>
        fenced(
          { operation: 'createOnly', kind: 'set', key, signal },
          { conditions: [{ kind: 'absent', key }], writes: [{ kind: 'put', key, value, leased }] },
        ),
      commit: (commit, { signal } = {}) =>
        fenced({ operation: 'commit', kind: 'set', key: commit.writes[0]?.key ?? '', signal }, commit),
      release,
      [Symbol.asyncDispose]: release,
    }
  }

  async #assertHeld(path: string, held: HeldLock): Promise<void> {
    const { succeeded } = await this.#transport.transact({ conditions: [held.fence], writes: [] })
    if (!succeeded) throw lost('check lock', path)
  }
}

function lost(operation: string, key: string): KvstoreError {
  return new KvstoreError('KVSTORE_LOCK_LOST', { operation, key })
}
