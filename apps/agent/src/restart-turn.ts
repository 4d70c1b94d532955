import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Spread, spreadDelayMs } from '@axoneme/backoff'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { z } from 'zod'

const lastRunSchema = z.object({ nodeCount: z.int().min(0).max(1_000_000) })

/** What an earlier run since this node's boot leaves to the next one; there only when that run became ready. */
export type LastRun = Readonly<z.infer<typeof lastRunSchema>>

/** Undefined on a node whose datapath no run has completed yet. A damaged file counts as none. */
export function readLastRun(path: string, log: Logger): LastRun | undefined {
  try {
    return lastRunSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      log.warn('last run unreadable', { path, error: describeError(error) })
    }
    return undefined
  }
}

export function writeLastRun(path: string, run: LastRun): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.tmp`, JSON.stringify(run), { mode: 0o600 })
  renameSync(`${path}.tmp`, path)
}

/**
 * Waits for this agent's turn to make its first remote calls. A new node takes it at once: its pods have no network.
 * After a restart the datapath runs on without the agent, so agents that restart together come one after another,
 * unless `hurry` says that a pod waits.
 */
export async function awaitTurn({
  lastRun,
  spread,
  hurry,
  onWait,
  signal,
  random = Math.random,
}: {
  lastRun: LastRun | undefined
  spread: Spread
  hurry: Promise<void>
  onWait: (delayMs: number) => void
  signal: AbortSignal
  random?: () => number
}): Promise<void> {
  if (lastRun === undefined) return
  const delayMs = spreadDelayMs(spread, { nodeCount: lastRun.nodeCount, random })
  onWait(delayMs)
  const done = new AbortController()
  const waiting = sleep(delayMs, { signal: AbortSignal.any([signal, done.signal]) })
  try {
    await Promise.race([waiting, hurry])
  } finally {
    done.abort()
    waiting.catch(() => {})
  }
}
