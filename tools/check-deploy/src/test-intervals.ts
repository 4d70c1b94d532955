import { parseSync } from 'oxc-parser'
import { z } from 'zod'

/** What a policy, a period, a spread or an adaptive period is made of. */
const members = new Set(['minMs', 'maxMs', 'baseMs', 'perNodeMs', 'firstMs'])
/** Functions that wait, and which of their arguments says for how long. */
const waits = new Map([
  ['sleep', 0],
  ['setTimeout', 1],
  ['setInterval', 1],
])

type Node = { type: string; start: number; [key: string]: unknown }

/**
 * Where a source waits for a time that is a number in it: the literal of a period or a retry policy, or a wait whose
 * delay is a number or a constant of the same file. As `line: text`. Waits by what was handed in are none.
 */
export function hiddenIntervals(source: string): string[] {
  const { program, errors } = parseSync('source.ts', source)
  if (errors.length > 0) throw new SyntaxError(errors.map(({ message }) => message).join('; '))
  const constants = new Set<string>()
  const found: number[] = []
  visit(program, (node) => {
    if (node.type !== 'VariableDeclarator') return
    const { id, init } = node as unknown as { id: Node; init: Node | null }
    if (init !== null && isNumber(init, constants) && typeof id.name === 'string') constants.add(id.name)
  })
  visit(program, (node) => {
    if (node.type === 'ObjectExpression') {
      const numbers = (node.properties as Node[]).filter(
        ({ type, key, value }) =>
          type === 'Property' && members.has(nameOf(key as Node) ?? '') && isNumber(value as Node, constants),
      )
      if (numbers.length > 0) found.push(node.start)
    }
    if (node.type === 'CallExpression') {
      const index = waits.get(nameOf(node.callee as Node) ?? '')
      const delay = index === undefined ? undefined : (node.arguments as Node[])[index]
      if (delay !== undefined && isNumber(delay, constants)) found.push(node.start)
    }
  })
  return found.map((at) => {
    const line = source.slice(0, at).split('\n').length
    return `${line}: ${source.split('\n')[line - 1]?.trim()}`
  })
}

function nameOf(node: Node): string | undefined {
  return typeof node.name === 'string' ? node.name : undefined
}

function isNumber(node: Node, constants: ReadonlySet<string>): boolean {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'number' && node.value > 0
    case 'Identifier':
      return constants.has(String(node.name))
    case 'BinaryExpression':
      return isNumber(node.left as Node, constants) && isNumber(node.right as Node, constants)
    default:
      return false
  }
}

const nodeSchema = z.looseObject({ type: z.string(), start: z.number() })

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see)
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (nodeSchema.safeParse(value).success) see(value as Node)
  for (const child of Object.values(value)) visit(child, see)
}
