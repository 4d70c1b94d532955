import type { Labels } from '@axoneme/slim-types'

/**
 * The one string of a set of labels, `k8s:a=b;k8s:c=d;`: sorted by key without the source, as Cilium writes it into
 * the kvstore. Equal sets have equal strings.
 */
export function formatLabels(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => ({
    key: keyOf(name),
    text: `${name}=${value};`,
  }))
  parts.sort((a, b) => compare(a.key, b.key) || compare(a.text, b.text))
  return parts.map((part) => part.text).join('')
}

/**
 * The labels of a string as `formatLabels` makes it, in any order; undefined for anything else: a part without a
 * source or a key, a label that comes twice, an unfinished last part.
 */
export function parseLabels(text: string): Labels | undefined {
  if (text === '') return {}
  if (!text.endsWith(';')) return undefined
  const labels: Record<string, string> = {}
  for (const part of text.slice(0, -1).split(';')) {
    const equals = part.indexOf('=')
    const colon = part.indexOf(':')
    if (colon < 1 || equals < colon + 2) return undefined
    const name = part.slice(0, equals)
    if (Object.hasOwn(labels, name)) return undefined
    labels[name] = part.slice(equals + 1)
  }
  return labels
}

function keyOf(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
