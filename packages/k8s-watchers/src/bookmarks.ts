/** How long a watch may last where only its end tells that the server is there. */
const maxBlindWatchSeconds = 600

/**
 * Whether a server sends bookmarks for a collection, as its watches have shown, and so how long one of them may be
 * silent. A real apiserver sends one about every minute; aggregated servers and old ones may never do so.
 */
export class BookmarkExpectation {
  #known: 'unknown' | 'sent' | 'absent' = 'unknown'
  #silentWatches = 0

  get areAbsent(): boolean {
    return this.#known === 'absent'
  }

  /** When the server is to end a watch that may last `wantedSeconds`. */
  watchSeconds(wantedSeconds: number): number {
    return this.areAbsent ? Math.min(wantedSeconds, maxBlindWatchSeconds) : wantedSeconds
  }

  /** How long a watch that the server is to end after `timeoutSeconds` may say nothing. */
  silenceLimitMs({ maxSilenceMs, timeoutSeconds }: { maxSilenceMs: number; timeoutSeconds: number }): number {
    // Without bookmarks the end that the server makes of each watch is the only sign of its life.
    return this.areAbsent ? timeoutSeconds * 1000 + maxSilenceMs : maxSilenceMs
  }

  bookmark(): void {
    this.#known = 'sent'
  }

  /** A watch was answered, so somebody was there, and then silent to the limit. */
  silence(): void {
    this.#silentWatches++
    if (this.#known === 'unknown' && this.#silentWatches >= 2) this.#known = 'absent'
  }
}
