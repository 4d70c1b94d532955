/** Leases and the keys that are bound to them. Time is an argument. */
export class Leases {
  readonly #leases = new Map<string, { ttlS: number; expiresMs: number; keys: Set<string> }>()
  #next = 1n

  grant(ttlS: number, nowMs: number): string {
    const id = String(this.#next++)
    this.#leases.set(id, { ttlS, expiresMs: nowMs + ttlS * 1000, keys: new Set() })
    return id
  }

  /** Seconds that are left; 0 when there is no such lease. */
  renew(id: string, nowMs: number): number {
    const lease = this.#leases.get(id)
    if (lease === undefined) return 0
    lease.expiresMs = nowMs + lease.ttlS * 1000
    return lease.ttlS
  }

  has(id: string): boolean {
    return this.#leases.has(id)
  }

  bind(id: string, key: string): void {
    this.#leases.get(id)?.keys.add(key)
  }

  unbind(id: string, key: string): void {
    this.#leases.get(id)?.keys.delete(key)
  }

  /** The keys that go with the lease. */
  remove(id: string): string[] {
    const keys = [...(this.#leases.get(id)?.keys ?? [])]
    this.#leases.delete(id)
    return keys
  }

  ids(): string[] {
    return [...this.#leases.keys()]
  }

  expired(nowMs: number): string[] {
    return this.ids().filter((id) => (this.#leases.get(id)?.expiresMs ?? 0) <= nowMs)
  }

  nextExpiryMs(): number | undefined {
    let next: number | undefined
    for (const { expiresMs } of this.#leases.values()) next = Math.min(next ?? expiresMs, expiresMs)
    return next
  }
}
