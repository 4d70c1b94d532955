import { type BackendState, compareStates } from './types.ts'

/** Which frontends name which backends, and which backends may be needed by nobody any more. */
export class BackendUsers {
  readonly #statesOf = new Map<number, Map<string, BackendState>>()
  readonly #namedBy = new Map<string, ReadonlySet<number>>()
  readonly #lost = new Set<number>()

  /** Backends that lost a user since they were last settled. */
  get lost(): ReadonlySet<number> {
    return this.#lost
  }

  /** Replaces what `frontend` names. */
  set(frontend: string, states: ReadonlyMap<number, BackendState>): void {
    for (const id of this.#namedBy.get(frontend) ?? []) {
      const users = this.#statesOf.get(id)
      users?.delete(frontend)
      if (users?.size === 0) this.#statesOf.delete(id)
      this.#lost.add(id)
    }
    for (const [id, state] of states) {
      const users = this.#statesOf.get(id) ?? new Map<string, BackendState>()
      users.set(frontend, state)
      this.#statesOf.set(id, users)
      this.#lost.delete(id)
    }
    if (states.size === 0) this.#namedBy.delete(frontend)
    else this.#namedBy.set(frontend, new Set(states.keys()))
  }

  has(id: number): boolean {
    return this.#statesOf.has(id)
  }

  /** The best state that a user gives the backend: services may see one differently. */
  stateOf(id: number): BackendState {
    return [...(this.#statesOf.get(id)?.values() ?? [])].sort(compareStates)[0] ?? 'draining'
  }

  markLost(id: number): void {
    this.#lost.add(id)
  }

  settle(id: number): void {
    this.#lost.delete(id)
  }
}
