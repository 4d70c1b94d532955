import { jitteredPeriod, type Period, sharedIntervals } from '@axoneme/backoff'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { createConnection, type EtcdConnection, type EtcdCredentials } from './connection.ts'
import { areSameCredentials } from './credential-files.ts'

/** How often the files are looked at; certificates are renewed long before they end. */
const credentialPeriod = sharedIntervals.kvstoreCredentials.period
/** Calls that are under way when the credentials change end with the connection that they began with. */
const drainMs = 15_000

/** The present connection: another one when the credentials have changed. What runs on the old one goes on. */
export class RotatingConnection implements Disposable {
  readonly #endpoints: readonly string[]
  readonly #stop = new AbortController()
  readonly #draining = new Map<NodeJS.Timeout, EtcdConnection>()
  #credentials: EtcdCredentials
  #current: EtcdConnection

  constructor(endpoints: readonly string[], credentials: EtcdCredentials) {
    this.#endpoints = endpoints
    this.#credentials = credentials
    this.#current = createConnection(endpoints, credentials)
  }

  get current(): EtcdConnection {
    return this.#current
  }

  get credentials(): EtcdCredentials {
    return this.#credentials
  }

  /** Aborts when this is closed. */
  get closed(): AbortSignal {
    return this.#stop.signal
  }

  /** Reads the credentials again and again until this is closed. */
  async follow({
    readCredentials,
    period = credentialPeriod,
    log,
    random,
  }: {
    readCredentials: () => Promise<EtcdCredentials>
    period?: Period | undefined
    log: Logger
    random: () => number
  }): Promise<void> {
    const { signal } = this.#stop
    for (let problem = ''; ; ) {
      try {
        await sleep(jitteredPeriod(period, { random }), { signal })
      } catch {
        return
      }
      try {
        if (this.#replace(await readCredentials())) log.info('credentials changed, connecting anew')
        problem = ''
      } catch (error) {
        const text = describeError(error)
        if (text !== problem) log.warn('credentials unusable, keeping the present ones', { error: text })
        problem = text
      }
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new DOMException('connection closed', 'AbortError'))
    for (const [timer, { client }] of this.#draining) {
      clearTimeout(timer)
      client.close()
    }
    this.#draining.clear()
    this.#current.client.close()
  }

  #replace(credentials: EtcdCredentials): boolean {
    if (this.#stop.signal.aborted || areSameCredentials(credentials, this.#credentials)) return false
    const old = this.#current
    this.#current = createConnection(this.#endpoints, credentials)
    this.#credentials = credentials
    const timer = setTimeout(() => {
      this.#draining.delete(timer)
      old.client.close()
    }, drainMs)
    this.#draining.set(timer, old)
    return true
  }
}
