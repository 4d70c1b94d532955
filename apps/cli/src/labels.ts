import type { IdentityId, IdentityRow } from '@axoneme/identity'

/** `k8s:app=cart k8s:tier=back`, sorted. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
    .sort()
    .join(' ')
}

/** What an identity stands for, for people: its labels, or its number when they are not known. */
export function identityNames(rows: readonly IdentityRow[]): (id: IdentityId) => string {
  const names = new Map(rows.map((row) => [row.id, formatLabels(row.labels)]))
  return (id) => {
    if (id === 0) return 'any'
    const labels = names.get(id) ?? ''
    return labels === '' ? String(id) : `${id} (${labels})`
  }
}
