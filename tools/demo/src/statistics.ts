/** The value below which the share `quantile` of the values lies (nearest rank); NaN of nothing. */
export function percentile(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN
}

/** Pearson's chi-square statistic of counts against an even spread. */
export function chiSquareEven(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)
}

/**
 * How likely an even spread gives a statistic of at least this size: the upper tail of the chi-square distribution,
 * Q(k/2, x/2) of the regularised incomplete gamma function (Numerical Recipes, 6.2: series below a + 1, continued
 * fraction above).
 */
export function chiSquareTail(statistic: number, degreesOfFreedom: number): number {
  const [a, x] = [degreesOfFreedom / 2, statistic / 2]
  if (x <= 0) return 1
  const scale = Math.exp(-x + a * Math.log(x) - logGamma(a))
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x)
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < 1000 && term > sum * 1e-15; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum
}

function upperFraction(a: number, x: number): number {
  const tiny = 1e-300
  let b = x + 1 - a
  let c = 1 / tiny
  let d = 1 / b
  let result = d
  for (let i = 1; i < 1000; i++) {
    const factor = -i * (i - a)
    b += 2
    d = 1 / (Math.abs(factor * d + b) < tiny ? tiny : factor * d + b)
    c = Math.abs(b + factor / c) < tiny ? tiny : b + factor / c
    const delta = d * c
    result *= delta
    if (Math.abs(delta - 1) < 1e-15) break
  }
  return result
}

/** Lanczos' approximation (g = 5, six terms). */
function logGamma(value: number): number {
  const coefficients = [
    76.18009172947146, -86.5053203294168, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2,
    -0.5395239384953e-5,
  ]
  const base = value + 5.5
  const sum = coefficients.reduce(
    (at, coefficient, i) => at + coefficient / (value + 1 + i),
    1.000000000190015,
  )
  return (value + 0.5) * Math.log(base) - base + Math.log((2.506628274631 * sum) / value)
}
