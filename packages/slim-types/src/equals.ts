/** Whether two rows differ in nothing but their resourceVersion. Rows are plain objects, arrays and scalars. */
export function equalsIgnoringVersion<T extends object>(a: T, b: T): boolean {
  return equalFields(a, b, true)
}

/** Whether two values of a row are equal. */
export function equalValues(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  return Array.isArray(a) ? Array.isArray(b) && equalLists(a, b) : equalFields(a, b, false)
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!equalValues(a[i], b[i])) return false
  return true
}

function equalFields(a: object, b: object, ignoreVersion: boolean): boolean {
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  for (const key of keys) {
    if (ignoreVersion && key === 'resourceVersion') continue
    if (!Object.hasOwn(right, key) || !equalValues(left[key], right[key])) return false
  }
  return true
}
