/**
 * Whether version `a` is the same as `b` or later; undefined when that cannot be told. Versions are decimal numbers
 * of any length (Kubernetes guarantees so since 1.35; before, those of etcd were).
 */
export function isAtLeast(a: string, b: string): boolean | undefined {
  if (a === b) return true
  if (!isNumber(a) || !isNumber(b)) return undefined
  return a.length === b.length ? a > b : a.length > b.length
}

function isNumber(version: string): boolean {
  return /^[1-9]\d*$/.test(version)
}
