const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const

/** `3d`, `17h`, `5m`, `12s`: the largest unit that is there at all. A time that is still to come is `0s`. */
export function formatAge(since: string, nowMs: number): string {
  const ageMs = Math.max(0, nowMs - Date.parse(since))
  for (const [unit, unitMs] of units) if (ageMs >= unitMs) return `${Math.floor(ageMs / unitMs)}${unit}`
  return `${Math.floor(ageMs / 1000)}s`
}
