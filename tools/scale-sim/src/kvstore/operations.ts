import type { KvOperationEvent } from '@axoneme/kvstore'
import { distributionOf } from './distribution.ts'
import type { Distribution } from './protocol.ts'

/** How long calls to the kvstore took, by operation. */
export class Operations {
  readonly #durationsMs = new Map<string, number[]>()

  observe({ operation, durationMs, queuedMs }: KvOperationEvent): void {
    const known = this.#durationsMs.get(operation) ?? []
    known.push(durationMs + queuedMs)
    this.#durationsMs.set(operation, known)
  }

  read(): Record<string, Distribution> {
    const each = [...this.#durationsMs].map(
      ([operation, durationsMs]) => [operation, distributionOf(durationsMs)] as const,
    )
    return Object.fromEntries(each)
  }
}
