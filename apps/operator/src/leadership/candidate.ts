import type { LeaseRecord, StoredLease } from '@axoneme/k8s-writers'

// What one candidate knows and may do. All times are of its own monotonic clock; no clock of another machine counts.

export type ElectionTiming = Readonly<{
  /** How long others leave a holder alone after the last renewal that they saw. */
  leaseDurationMs: number
  /** How long a holder leads after it began the last renewal that succeeded. Less than leaseDurationMs. */
  renewDeadlineMs: number
}>

export type Candidate = Readonly<{
  identity: string
  timing: ElectionTiming
  /** The lease as it was last seen (`lease` undefined: there is none); undefined when it must be read first. */
  seen: Readonly<{ lease: StoredLease | undefined }> | undefined
  /** The last version that was seen, and when it was seen first. */
  version: Readonly<{ resourceVersion: string; sinceMs: number }> | undefined
  /** Until when the last other holder may lead: also when somebody deleted the lease meanwhile. */
  othersUntilMs: number
  leadsUntilMs: number
}>

export type Step =
  /** The lease must be read. */
  | Readonly<{ kind: 'read' }>
  /** Somebody else holds it, until `untilMs` if it is not renewed. */
  | Readonly<{ kind: 'wait'; untilMs: number }>
  | Readonly<{ kind: 'create'; record: LeaseRecord }>
  | Readonly<{ kind: 'replace'; record: LeaseRecord; resourceVersion: string }>

export function newCandidate(identity: string, timing: ElectionTiming): Candidate {
  return {
    identity,
    timing,
    seen: undefined,
    version: undefined,
    othersUntilMs: Number.NEGATIVE_INFINITY,
    leadsUntilMs: Number.NEGATIVE_INFINITY,
  }
}

export function isLeading({ leadsUntilMs }: Candidate, nowMs: number): boolean {
  return nowMs < leadsUntilMs
}

/**
 * What the candidate should do now. `date` is the wall clock's, for people who read the object.
 *
 * Two never lead at once: a holder counts from before it sent its renewal, the others from after they saw it, and
 * renewDeadline is the shorter time. Only clocks whose speeds differ by more than the ratio of the two break that.
 */
export function nextStep(candidate: Candidate, { nowMs, date }: { nowMs: number; date: string }): Step {
  const { seen, identity, timing } = candidate
  if (seen === undefined) return { kind: 'read' }
  const fresh: LeaseRecord = {
    holder: identity,
    durationMs: timing.leaseDurationMs,
    acquireTime: date,
    renewTime: date,
    transitions: 0,
  }
  const lease = seen.lease
  if (lease?.record.holder === identity) {
    const { acquireTime, transitions } = lease.record
    const record = { ...fresh, acquireTime, transitions }
    return { kind: 'replace', record, resourceVersion: lease.resourceVersion }
  }
  if (nowMs < candidate.othersUntilMs) return { kind: 'wait', untilMs: candidate.othersUntilMs }
  if (lease === undefined) return { kind: 'create', record: fresh }
  const record = { ...fresh, transitions: lease.record.transitions + 1 }
  return { kind: 'replace', record, resourceVersion: lease.resourceVersion }
}

/** After the lease was read; `nowMs` is when the answer was there. */
export function afterRead(candidate: Candidate, lease: StoredLease | undefined, nowMs: number): Candidate {
  const seen = { lease }
  if (lease === undefined) {
    return { ...candidate, seen, version: undefined, leadsUntilMs: Number.NEGATIVE_INFINITY }
  }
  const { record, resourceVersion } = lease
  const known = candidate.version
  const version = known?.resourceVersion === resourceVersion ? known : { resourceVersion, sinceMs: nowMs }
  if (record.holder === candidate.identity) return { ...candidate, seen, version }
  const durationMs = record.durationMs ?? candidate.timing.leaseDurationMs
  return {
    ...candidate,
    seen,
    version,
    // Nobody: it was given back, after the work had stopped.
    othersUntilMs: record.holder === '' ? Number.NEGATIVE_INFINITY : version.sinceMs + durationMs,
    leadsUntilMs: Number.NEGATIVE_INFINITY,
  }
}

/** After a write that made this candidate the holder; `startedMs` is from before it was sent. */
export function afterWrite(candidate: Candidate, lease: StoredLease, startedMs: number): Candidate {
  return {
    ...candidate,
    seen: { lease },
    version: { resourceVersion: lease.resourceVersion, sinceMs: startedMs },
    othersUntilMs: Number.NEGATIVE_INFINITY,
    leadsUntilMs: startedMs + candidate.timing.renewDeadlineMs,
  }
}

/** After a write that failed, or of which nothing was heard: it may have happened. */
export function afterFailure(candidate: Candidate): Candidate {
  return { ...candidate, seen: undefined }
}

/** After this candidate stopped leading: what it knows of the lease is looked at again. */
export function afterTerm(candidate: Candidate): Candidate {
  return { ...candidate, seen: undefined, leadsUntilMs: Number.NEGATIVE_INFINITY }
}
