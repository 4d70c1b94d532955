/** The mean of the last few values; 0 before the first. */
export type RecentMean = { add(value: number): void; readonly value: number }

export function createRecentMean(count: number): RecentMean {
  const values: number[] = []
  return {
    add(value) {
      values.push(value)
      if (values.length > count) values.shift()
    },
    get value() {
      return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
    },
  }
}
