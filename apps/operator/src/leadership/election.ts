import { jitteredPeriod, type Period } from '@axoneme/backoff'
import { K8sApiError } from '@axoneme/k8s-client'
import type { LeaderLease, LeaseRecord, StoredLease } from '@axoneme/k8s-writers'
import { abortable, describeError, isAbort, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { leaseReleasePatienceMs } from '../intervals.ts'
import {
  afterFailure,
  afterRead,
  afterTerm,
  afterWrite,
  type Candidate,
  type ElectionTiming,
  isLeading,
  newCandidate,
  nextStep,
} from './candidate.ts'

export type ElectionStatus = Readonly<{
  leading: boolean
  /** Who held the lease when it was last seen; empty: nobody, or not known. */
  holder: string
  /** Why the lease cannot be read or written; undefined when it can. */
  error: string | undefined
}>

export type ElectionOptions = Readonly<{
  lease: LeaderLease
  /** Of this process alone, also among restarts on one host. */
  identity: string
  timing: ElectionTiming
  /** Between two looks at the lease, or two renewals. */
  retry: Period
  /** What a leader does. Ends when the signal aborts; its failure ends the election. */
  lead: (signal: AbortSignal) => Promise<void>
  log: Logger
  signal: AbortSignal
  onChange?: (status: ElectionStatus) => void
  random?: () => number
  /** A monotonic clock, and waiting by it. */
  nowMs?: () => number
  wait?: (delayMs: number, signal: AbortSignal) => Promise<void>
  date?: () => Date
}>

/**
 * Competes for the lease until the signal aborts: leads while it holds it, follows otherwise, as often as it comes.
 * When the lease cannot be renewed, the leader's work is stopped at the renew deadline and this goes on as a follower.
 * At the end the lease is given back, so that another can lead at once. Rejects when the work failed.
 */
export async function runElection(options: ElectionOptions): Promise<void> {
  await new Contender(options).run()
}

type Call = Readonly<{ signal: AbortSignal; timeoutMs: number }>

class Contender {
  readonly #options: ElectionOptions
  readonly #random: () => number
  readonly #nowMs: () => number
  readonly #wait: (delayMs: number, signal: AbortSignal) => Promise<void>
  readonly #date: () => Date
  #candidate: Candidate
  #status: ElectionStatus = { leading: false, holder: '', error: undefined }
  /** How long the server wants to be left alone. */
  #retryAfterMs = 0

  constructor(options: ElectionOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
    this.#nowMs = options.nowMs ?? (() => performance.now())
    this.#wait = options.wait ?? ((delayMs, signal) => sleep(delayMs, { signal }))
    this.#date = options.date ?? (() => new Date())
    this.#candidate = newCandidate(options.identity, options.timing)
  }

  async run(): Promise<void> {
    const { signal, timing } = this.#options
    try {
      for (;;) {
        await this.#attempt(signal, timing.renewDeadlineMs)
        if (this.#isLeading()) await this.#leadTerm()
        else await this.#wait(this.#followerPauseMs(), signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      await this.#release()
    }
  }

  /** One term: from the lease's acquisition until it is lost or the election ends. The work has stopped afterwards. */
  async #leadTerm(): Promise<void> {
    const { log, signal, identity } = this.#options
    log.info('leading', { identity })
    const term = new AbortController()
    const work = Promise.withResolvers<never>()
    const ending = AbortSignal.any([signal, term.signal])
    const running = this.#options.lead(ending).catch((error: unknown) => {
      if (!ending.aborted) work.reject(error)
      else if (!isAbort(error, ending))
        log.error('the work of a leader ended badly', { error: describeError(error) })
    })
    work.promise.catch(() => {})
    try {
      while (this.#isLeading()) await Promise.race([this.#keep(), work.promise])
      log.warn('leadership lost', { identity, holder: this.#status.holder, error: this.#status.error })
    } finally {
      term.abort(new DOMException('leadership lost', 'AbortError'))
      await this.#untilStopped(running)
      this.#candidate = afterTerm(this.#candidate)
      this.#report({ leading: false })
    }
  }

  /** Waits for the next renewal and tries it; returns at the deadline at the latest. */
  async #keep(): Promise<void> {
    const { signal, timing } = this.#options
    const pauseMs = Math.max(this.#retryPauseMs(), this.#retryAfterMs)
    await this.#wait(Math.min(pauseMs, this.#leftMs()), signal)
    if (!this.#isLeading()) return
    const tooLate = new AbortController()
    const either = AbortSignal.any([signal, tooLate.signal])
    const deadline = this.#wait(this.#leftMs(), either).then(
      () => tooLate.abort(new DOMException('renew deadline reached', 'AbortError')),
      () => {},
    )
    await this.#attempt(either, Math.min(timing.renewDeadlineMs / 2, this.#leftMs()))
    tooLate.abort()
    await deadline
  }

  /** One look at the lease, and one write if that is this candidate's turn. Failures are told, not thrown. */
  async #attempt(signal: AbortSignal, timeoutMs: number): Promise<void> {
    const call = { signal, timeoutMs }
    this.#retryAfterMs = 0
    try {
      if (this.#candidate.seen === undefined || !this.#isLeading()) await this.#read(call)
      // Whoever wrote in between may lead already.
      if (!(await this.#write(call))) await this.#read(call)
      this.#report({ error: undefined })
    } catch (error) {
      this.#candidate = afterFailure(this.#candidate)
      this.#options.signal.throwIfAborted()
      this.#retryAfterMs = error instanceof K8sApiError ? error.retryAfterMs : 0
      this.#failed(error)
    }
  }

  async #read(call: Call): Promise<void> {
    const stored = await abortable(this.#options.lease.read(call), call.signal)
    this.#candidate = afterRead(this.#candidate, stored, this.#nowMs())
  }

  /** False when somebody else wrote first. */
  async #write(call: Call): Promise<boolean> {
    const { lease } = this.#options
    const startedMs = this.#nowMs()
    const step = nextStep(this.#candidate, { nowMs: startedMs, date: this.#date().toISOString() })
    if (step.kind === 'read' || step.kind === 'wait') return true
    const write =
      step.kind === 'create'
        ? lease.create(step.record, call)
        : lease.replace(step.record, { ...call, resourceVersion: step.resourceVersion })
    const written = await abortable(write, call.signal)
    if (written === 'conflict') return false
    this.#candidate = afterWrite(this.#candidate, written, startedMs)
    return true
  }

  async #untilStopped(running: Promise<void>): Promise<void> {
    const { timing, log } = this.#options
    const stopped = new AbortController()
    const graceMs = timing.leaseDurationMs - timing.renewDeadlineMs
    const overdue = this.#wait(graceMs, stopped.signal).then(
      () => log.error('the work of a leader goes on although another may lead', { graceMs }),
      () => {},
    )
    await running
    stopped.abort()
    await overdue
  }

  async #release(): Promise<void> {
    const { lease, log, identity } = this.#options
    const timeout = new AbortController()
    const call = { signal: timeout.signal, timeoutMs: leaseReleasePatienceMs }
    const late = this.#wait(leaseReleasePatienceMs, timeout.signal).then(
      () => timeout.abort(new DOMException('no answer in time', 'TimeoutError')),
      () => {},
    )
    try {
      // A write that was given up may happen still: only the server knows who holds the lease.
      for (let isDone = false; !isDone; ) {
        const stored = await abortable(lease.read(call), timeout.signal)
        isDone = stored?.record.holder !== identity || (await this.#giveBack(stored, call))
      }
    } catch (error) {
      log.warn('lease not given back, it runs out', { identity, error: describeError(error) })
    }
    timeout.abort()
    await late
  }

  /** As client-go does it: nobody holds it, for the shortest duration. False when it was written in between. */
  async #giveBack({ record, resourceVersion }: StoredLease, call: Call): Promise<boolean> {
    const { lease, log, identity } = this.#options
    const renewTime = this.#date().toISOString()
    const free: LeaseRecord = { ...record, holder: '', durationMs: 1000, renewTime }
    const written = await abortable(lease.replace(free, { ...call, resourceVersion }), call.signal)
    if (written === 'conflict') return false
    log.info('lease given back', { identity })
    return true
  }

  #isLeading(): boolean {
    return isLeading(this.#candidate, this.#nowMs())
  }

  #leftMs(): number {
    return Math.max(0, this.#candidate.leadsUntilMs - this.#nowMs())
  }

  #retryPauseMs(): number {
    return jitteredPeriod(this.#options.retry, { random: this.#random })
  }

  /** Not longer than until the lease ends, and then spread a little: all followers saw the same. */
  #followerPauseMs(): number {
    const pauseMs = this.#retryPauseMs()
    const nowMs = this.#nowMs()
    const step = nextStep(this.#candidate, { nowMs, date: '' })
    if (step.kind !== 'wait') return Math.max(pauseMs, this.#retryAfterMs)
    const untilEndMs = step.untilMs - nowMs + this.#random() * this.#options.retry.jitter * pauseMs
    return Math.min(pauseMs, untilEndMs)
  }

  #failed(error: unknown): void {
    const first = this.#status.error === undefined
    this.#report({ error: describeError(error) })
    const fields = { leading: this.#status.leading, error: describeError(error) }
    if (first) this.#options.log.warn('lease not reached, retrying', fields)
    else this.#options.log.debug('lease not reached again', fields)
  }

  #report(change: Partial<ElectionStatus>): void {
    const lease = this.#candidate.seen?.lease
    const holder = this.#candidate.seen === undefined ? this.#status.holder : (lease?.record.holder ?? '')
    const before = this.#status
    this.#status = { ...before, holder, leading: this.#isLeading(), ...change }
    const { leading, error } = this.#status
    if (before.leading === leading && before.holder === holder && before.error === error) return
    this.#options.onChange?.(this.#status)
  }
}
