import { parseSync } from 'oxc-parser'

/** Where instrumented code finds its counters: a property of `globalThis`. */
export const countersKey = '__axonemeFuzzCounters'

type Node = Readonly<{ type: string; start: number; end: number }> & Readonly<Record<string, unknown>>
type Around = Readonly<{ before: string; after: string }>

/**
 * The TypeScript source with a counter at the start of every branch: blocks, the arms of `if`, `?:` and `case`, the
 * right sides of `&&`, `||` and `??`, functions that are one expression. Counters are numbered from `firstCounter` on;
 * lines stay what they are. Throws SyntaxError when the source cannot be read.
 */
export function instrument(
  source: string,
  { path, firstCounter }: { path: string; firstCounter: number },
): { source: string; counters: number } {
  const { program, errors } = parseSync(path, source)
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]!.message}`)
  const texts: { at: number; text: string }[] = []
  let counters = 0
  const count = () => `__counters[${firstCounter + counters++}]++`
  // In this order texts of one place nest as the nodes do: parents start first and end last.
  const visit = (node: Node, around: Around | undefined) => {
    if (around !== undefined) texts.push({ at: node.start, text: around.before })
    if (node.type === 'BlockStatement') texts.push({ at: node.start + 1, text: `${count()};` })
    for (const { child, role } of childrenOf(node)) visit(child, aroundOf(child, role, count))
    if (node.type === 'IfStatement' && node.alternate === null)
      texts.push({ at: node.end, text: ` else ${count()};` })
    if (around !== undefined) texts.push({ at: node.end, text: around.after })
  }
  if (isNode(program)) visit(program, undefined)
  return { source: `const __counters=globalThis.${countersKey};${insert(source, texts)}`, counters }
}

type Role = 'statement' | 'expression' | 'case' | 'other'

function childrenOf(node: Node): { child: Node; role: Role }[] {
  return Object.entries(node).flatMap(([key, value]) => {
    const children = (Array.isArray(value) ? value : [value]).filter(isNode)
    return children
      .filter(({ type }) => !type.startsWith('TSType') || type === 'TSTypeAssertion')
      .map((child, index) => ({ child, role: roleOf(node, key, index) }))
  })
}

function roleOf({ type }: Node, key: string, index: number): Role {
  const isArm = key === 'consequent' || key === 'alternate'
  if (type === 'IfStatement' && isArm) return 'statement'
  if (/^(For|While|DoWhile)/.test(type) && key === 'body') return 'statement'
  if (type === 'ConditionalExpression' && isArm) return 'expression'
  if (type === 'LogicalExpression' && key === 'right') return 'expression'
  if (type === 'ArrowFunctionExpression' && key === 'body') return 'expression'
  return type === 'SwitchCase' && key === 'consequent' && index === 0 ? 'case' : 'other'
}

function aroundOf({ type }: Node, role: Role, count: () => string): Around | undefined {
  // A block counts itself.
  if (type === 'BlockStatement' || role === 'other') return undefined
  if (role === 'statement') return { before: `{${count()};`, after: '}' }
  return role === 'case' ? { before: `${count()};`, after: '' } : { before: `(${count()},`, after: ')' }
}

function insert(source: string, texts: readonly { at: number; text: string }[]): string {
  let result = ''
  let done = 0
  for (const { at, text } of texts.toSorted((a, b) => a.at - b.at)) {
    result += source.slice(done, at) + text
    done = at
  }
  return result + source.slice(done)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
