import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { MonitorRecord } from './schemas.ts'

/**
 * Copies events to one reader until the signal aborts, a line each. At most `maxPending` wait for a slow reader;
 * what does not fit is counted, and the count is told where the gap is.
 */
export async function streamEvents({
  subscribe,
  output,
  signal,
  maxPending = 4096,
}: {
  subscribe: (listener: (event: MonitorRecord) => void) => Disposable
  output: Writable
  signal: AbortSignal
  maxPending?: number
}): Promise<void> {
  const pending: MonitorRecord[] = []
  let lost = 0
  let wake = () => {}
  using _subscription = subscribe((event) => {
    if (pending.length < maxPending) pending.push(event)
    else lost++
    wake()
  })
  signal.addEventListener('abort', () => wake(), { once: true })
  while (!signal.aborted) {
    if (pending.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    const batch = pending.splice(0)
    if (lost > 0) batch.push({ type: 'lost', count: lost })
    lost = 0
    if (batch.length > 0 && !output.write(batch.map(lineOf).join(''))) {
      await once(output, 'drain', { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
    }
  }
}

/** 64-bit values travel as text: JSON numbers end at 2^53. */
function lineOf(event: MonitorRecord): string {
  const text = JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? value.toString() : value))
  return `${text}\n`
}
