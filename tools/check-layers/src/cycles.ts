/**
 * The cycles of a directed graph, one for each group of nodes that reach each other (Tarjan's strongly connected
 * components), each as a closed path: `[a, b, a]`.
 */
export function findCycles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const numbers = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[][] = []

  const visit = (node: string) => {
    numbers.set(node, numbers.size)
    lowest.set(node, numbers.size - 1)
    stack.push(node)
    for (const next of edges.get(node) ?? []) {
      if (!numbers.has(next)) visit(next)
      if (stack.includes(next)) lowest.set(node, Math.min(lowest.get(node) ?? 0, lowest.get(next) ?? 0))
    }
    if (lowest.get(node) !== numbers.get(node)) return
    const members = new Set(stack.splice(stack.indexOf(node)))
    if (members.size > 1 || edges.get(node)?.has(node) === true) cycles.push(pathAround(node, members, edges))
  }
  for (const node of [...edges.keys()].sort()) if (!numbers.has(node)) visit(node)
  return cycles
}

/** The shortest way from `start` back to itself within `members`. */
function pathAround(
  start: string,
  members: ReadonlySet<string>,
  edges: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const paths: string[][] = [[start]]
  const seen = new Set<string>()
  for (const path of paths) {
    for (const next of edges.get(path.at(-1) ?? '') ?? []) {
      if (next === start) return [...path, start]
      if (!members.has(next) || seen.has(next)) continue
      seen.add(next)
      paths.push([...path, next])
    }
  }
  return [start]
}
