/**
 * A simpler input for which `fails` still holds: as short as cutting its end allows, and with zeros wherever they do.
 * Calls `fails` at most `budget` times.
 */
export function minimise(
  input: Buffer,
  { fails, budget }: { fails: (candidate: Buffer) => boolean; budget: number },
): Buffer {
  let best = input
  let left = budget
  const accept = (candidate: Buffer) => {
    if (left-- <= 0 || !fails(candidate)) return false
    best = candidate
    return true
  }
  for (let cut = best.length >> 1; cut > 0 && left > 0; ) {
    if (cut >= best.length || !accept(best.subarray(0, best.length - cut))) cut >>= 1
  }
  for (let size = best.length >> 1; size > 0 && left > 0; size >>= 1) {
    for (let at = 0; at < best.length && left > 0; at += size) {
      const candidate = Buffer.from(best).fill(0, at, Math.min(best.length, at + size))
      if (!candidate.equals(best)) accept(candidate)
    }
  }
  return Buffer.from(best)
}
