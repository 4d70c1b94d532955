import { parseSync } from 'oxc-parser'

export type Import = Readonly<{ specifier: string; line: number }>

/** Every module that a source names: imports, re-exports, `import()` of a literal, and `import('x')` in types. */
export function importsOf(fileName: string, source: string): Import[] {
  const { module, program, errors } = parseSync(fileName, source)
  if (errors.length > 0) throw new SyntaxError(`${fileName}: ${errors[0]?.message}`)
  const found: { specifier: string; start: number }[] = [
    ...module.staticImports.map(({ moduleRequest, start }) => ({ specifier: moduleRequest.value, start })),
    ...module.staticExports.flatMap(({ entries, start }) =>
      entries.flatMap(({ moduleRequest }) =>
        moduleRequest == null ? [] : [{ specifier: moduleRequest.value, start }],
      ),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest, start }) => {
      const specifier = literal(source.slice(moduleRequest.start, moduleRequest.end))
      return specifier === undefined ? [] : [{ specifier, start }]
    }),
    ...typeImports(program),
  ]
  const lines = lineStarts(source)
  const imports = new Map<string, Import>()
  for (const { specifier, start } of found) {
    const line = lineAt(lines, start)
    imports.set(`${line} ${specifier}`, { specifier, line })
  }
  return [...imports.values()].sort((a, b) => a.line - b.line)
}

/** The text of a quoted string; undefined for an expression. */
function literal(text: string): string | undefined {
  return /^(['"`])([^'"`$]*)\1$/.exec(text)?.[2]
}

function* typeImports(node: unknown): Generator<{ specifier: string; start: number }> {
  if (typeof node !== 'object' || node === null) return
  if (isTypeImport(node)) yield { specifier: node.source.value, start: node.start }
  for (const child of Object.values(node)) yield* typeImports(child)
}

function isTypeImport(node: object): node is { source: { value: string }; start: number } {
  return 'type' in node && node.type === 'TSImportType'
}

function lineStarts(source: string): number[] {
  const starts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function lineAt(starts: readonly number[], offset: number): number {
  return starts.findLastIndex((start) => start <= offset) + 1
}
