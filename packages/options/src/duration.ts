const unitMs = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
const shape = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d{1,3})?)s)?(?:(\d+)ms)?$/

/** Milliseconds of `1h2m3s4ms` (any part may be missing), or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const match = shape.exec(text)
  if (text === '' || match === null) return undefined
  const [, hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = match
  const totalMs =
    Number(hours) * unitMs.h +
    Number(minutes) * unitMs.m +
    Math.round(Number(seconds) * unitMs.s) +
    Number(milliseconds)
  return Number.isSafeInteger(totalMs) ? totalMs : undefined
}

/** The shortest text that `parseDuration` reads back. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  let restMs = durationMs
  let text = ''
  for (const [unit, ms] of Object.entries(unitMs)) {
    const count = Math.floor(restMs / ms)
    if (count > 0) text += `${count}${unit}`
    restMs -= count * ms
  }
  return text
}
