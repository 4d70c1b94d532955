export type SlotPlan = Readonly<{
  /** In order, before the count changes. */
  writes: readonly Readonly<{ slot: number; backendId: number }>[]
  count: number
  /** In order, after the count has changed: everything beyond it. */
  deletes: readonly number[]
}>

/**
 * Turns the slots of a service into those of `want` with the fewest writes, so that after each single write and delete
 * every slot up to the current count holds a backend that is wanted or was there before. Backends that stay keep
 * their slots; new ones take the holes of removed ones, then come behind the last; holes that are left are filled from
 * the end. No backend has two slots in the result, so each gets the same share of connections.
 */
export function planSlots({
  slots,
  count,
  want,
}: {
  /** Backend id by slot, also of slots beyond the count that a crash left behind. */
  slots: ReadonlyMap<number, number>
  /** Slots 1 to `count` are in use. */
  count: number
  /** Distinct backend ids. */
  want: readonly number[]
}): SlotPlan {
  const wanted = new Set(want)
  const placed = new Map<number, number>()
  const holes: number[] = []
  for (let slot = 1; slot <= count; slot++) {
    const id = slots.get(slot)
    // A backend that is there twice, as after a crash between two writes, counts once.
    if (id === undefined || !wanted.has(id) || placed.has(id)) holes.push(slot)
    else placed.set(id, slot)
  }
  const writes: { slot: number; backendId: number }[] = []
  let end = count
  for (const backendId of want) {
    if (placed.has(backendId)) continue
    const slot = holes.shift() ?? ++end
    writes.push({ slot, backendId })
  }
  const last = want.length
  const movable = [...placed].filter(([, slot]) => slot > last).sort(([, a], [, b]) => b - a)
  for (const slot of holes) {
    const moved = slot <= last ? movable.shift() : undefined
    if (moved !== undefined) writes.push({ slot, backendId: moved[0] })
  }
  const known = new Set([...slots.keys(), ...writes.map((write) => write.slot)])
  const deletes = [...known].filter((slot) => slot > last).sort((a, b) => b - a)
  return { writes, count: last, deletes }
}
