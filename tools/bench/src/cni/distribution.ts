/** The value that `share` (0 to 1) of all values do not exceed, by nearest rank. Throws RangeError for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length)))
  const value = sorted[rank - 1]
  if (value === undefined) throw new RangeError('no values to take a percentile of')
  return value
}

/** The figures `NAME_p50`, `NAME_p99` and `NAME_max`. */
export function distribution(name: string, values: readonly number[]): Record<string, number> {
  return {
    [`${name}_p50`]: percentile(values, 0.5),
    [`${name}_p99`]: percentile(values, 0.99),
    [`${name}_max`]: percentile(values, 1),
  }
}
