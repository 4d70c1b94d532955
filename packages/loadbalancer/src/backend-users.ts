import { MultiMap } from '@axoneme/tables'
import type { LbBackend } from './operations.ts'
import { type BackendState, compareStates } from './types.ts'

/**
 * Which frontends name which backends, and which backends may be needed by nobody any more. There are many backends and
 * most have one user, so a use is one short text, which all backends of a frontend in one state share.
 */
export class BackendUsers {
  readonly #idOf: (backend: LbBackend) => number | undefined
  /** `STATE FRONTEND` by backend. */
  readonly #usesOf = new MultiMap<number, string>()
  readonly #namedBy = new Map<string, readonly LbBackend[]>()
  readonly #lost = new Set<number>()

  /** `idOf` must know every backend while a frontend names it. */
  constructor(idOf: (backend: LbBackend) => number | undefined) {
    this.#idOf = idOf
  }

  /** Backends that lost a user since they were last settled. */
  get lost(): ReadonlySet<number> {
    return this.#lost
  }

  /** Replaces what `frontend` names. */
  set(frontend: string, backends: readonly LbBackend[]): void {
    this.#eachUse(frontend, this.#namedBy.get(frontend) ?? [], (id, use) => {
      this.#usesOf.delete(id, use)
      this.#lost.add(id)
    })
    this.#eachUse(frontend, backends, (id, use) => {
      this.#usesOf.add(id, use)
      this.#lost.delete(id)
    })
    if (backends.length === 0) this.#namedBy.delete(frontend)
    else this.#namedBy.set(frontend, backends)
  }

  has(id: number): boolean {
    return this.#usesOf.has(id)
  }

  /** The best state that a user gives the backend: services may see one differently. */
  stateOf(id: number): BackendState {
    const states = this.#usesOf.get(id).map((use) => use.slice(0, use.indexOf(' ')) as BackendState)
    return states.sort(compareStates)[0] ?? 'draining'
  }

  markLost(id: number): void {
    this.#lost.add(id)
  }

  settle(id: number): void {
    this.#lost.delete(id)
  }

  #eachUse(frontend: string, backends: readonly LbBackend[], visit: (id: number, use: string) => void): void {
    const uses = {
      active: `active ${frontend}`,
      terminating: `terminating ${frontend}`,
      draining: `draining ${frontend}`,
    }
    for (const backend of backends) {
      const id = this.#idOf(backend)
      if (id !== undefined) visit(id, uses[backend.state])
    }
  }
}
