import { rm } from 'node:fs/promises'
import { sharedIntervals } from '@axoneme/backoff'
import { z } from 'zod'
import { CompileError } from '../errors.ts'
import { writeDurably } from './durable-file.ts'
import { parseJson } from './entry.ts'
import { failurePath } from './layout.ts'
import { readPrivateFile } from './private-file.ts'

/** How long a compilation that failed is not tried again: doubling from `minMs` with each failure in a row. */
export type RetryBackoff = Readonly<{ minMs: number; maxMs: number }>

export const defaultBackoff: RetryBackoff = sharedIntervals.templateCompile.adaptive

const maxBytes = 256 * 1024

const failureSchema = z.object({
  message: z.string(),
  hint: z.string().optional(),
  /** Milliseconds since the epoch. */
  failedAtMs: z.number(),
  /** Failures in a row, this one included. */
  count: z.int().min(1),
})

/** How the last compilation of an entry failed, for those who waited for it and those who ask too early. */
export type CompileFailure = Readonly<z.infer<typeof failureSchema>>

/** How long after the failure the next attempt may be. */
function backoffMs({ count }: CompileFailure, { minMs, maxMs }: RetryBackoff): number {
  return Math.min(maxMs, minMs * 2 ** (Math.min(count, 32) - 1))
}

/** 0 when the next attempt may be now. A failure of the future is one of another clock, and none. */
export function waitMs(
  failure: CompileFailure,
  { nowMs, backoff }: { nowMs: number; backoff: RetryBackoff },
): number {
  if (failure.failedAtMs > nowMs) return 0
  return Math.max(0, failure.failedAtMs + backoffMs(failure, backoff) - nowMs)
}

/** What to remember of a failure after `before`, which is forgotten when it is long over. */
export function failureAfter(
  before: CompileFailure | undefined,
  error: CompileError,
  { nowMs, backoff }: { nowMs: number; backoff: RetryBackoff },
): CompileFailure {
  const isInRow = before !== undefined && nowMs - before.failedAtMs < 2 * backoff.maxMs
  return {
    message: error.message,
    hint: error.hint,
    failedAtMs: nowMs,
    count: isInRow ? before.count + 1 : 1,
  }
}

/**
 * The failure for somebody who asked at `askedAtMs` and must not try again: it happened while he waited, or its
 * backoff is not over. Undefined when he may.
 */
export function failureFor(
  { failure, askedAtMs }: { failure: CompileFailure | undefined; askedAtMs: number },
  { nowMs, backoff }: { nowMs: number; backoff: RetryBackoff },
): CompileError | undefined {
  if (failure === undefined) return undefined
  const retryAfterMs = waitMs(failure, { nowMs, backoff })
  const isOfWait = failure.failedAtMs >= askedAtMs && failure.failedAtMs <= nowMs
  if (retryAfterMs === 0 && !isOfWait) return undefined
  const { message, hint } = failure
  return new CompileError(message, { hint, retryAfterMs, isRemembered: true })
}

/** Undefined when there is none, or none that can be read: then it is tried again. */
export async function readFailure(directory: string): Promise<CompileFailure | undefined> {
  const file = await readPrivateFile(failurePath(directory), maxBytes)
  if (file.kind !== 'bytes') return undefined
  return failureSchema.safeParse(parseJson(file.bytes)).data
}

export async function writeFailure(directory: string, failure: CompileFailure): Promise<void> {
  await writeDurably(failurePath(directory), JSON.stringify(failure))
}

export async function forgetFailure(directory: string): Promise<void> {
  await rm(failurePath(directory), { recursive: true, force: true })
}
