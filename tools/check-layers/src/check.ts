import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import { findCycles } from './cycles.ts'
import { type Import, importsOf } from './imports.ts'
import { type Layer, layers, mayImport, restricted } from './layers.ts'
import type { Workspace, WorkspacePackage } from './workspace.ts'

export type Violation = Readonly<{ file: string; line: number; rule: string; message: string }>

/** Everything that breaks the rules, in the order of files and lines. */
export function checkWorkspace(workspace: Workspace): Violation[] {
  const byName = new Map(workspace.packages.map((from) => [from.name, from]))
  const edges = new Map(workspace.packages.map((from) => [from.name, new Set<string>()]))
  const violations: Violation[] = []
  for (const from of workspace.packages) {
    const layer = layers.find((name) => name === from.layer)
    if (layer === undefined) {
      const message = `layer ${JSON.stringify(from.layer)} is none of ${layers.join(', ')}`
      violations.push({ ...manifestLine(from, '"layer"'), rule: 'every package has a layer', message })
      continue
    }
    for (const name of Object.keys(from.dependencies)) {
      if (byName.has(name)) edges.get(from.name)?.add(name)
      violations.push(...dependencyViolations({ from, layer, to: byName.get(name), name }))
    }
    for (const file of from.sources) {
      const source = readFileSync(join(workspace.root, file), 'utf8')
      for (const found of importsOf(file, source)) {
        violations.push(...importViolations({ workspace, byName, from, layer, file, found }))
        const target = byName.get(packageOf(found.specifier))
        if (target !== undefined && target !== from && !isTestFile(file))
          edges.get(from.name)?.add(target.name)
      }
    }
  }
  return [...violations, ...cycleViolations(byName, edges)]
}

/** Tests, benchmarks, their helpers (`test-worlds.ts`), and the `./testing` door with what is behind it. */
export function isTestFile(file: string): boolean {
  return /^tools\/bench\/|\.(test|bench|testing)\.ts$|\/test-[^/]+\.ts$|\/testing\.ts$|\/(testing|testdata)\//.test(
    file,
  )
}

type ImportContext = {
  workspace: Workspace
  byName: ReadonlyMap<string, WorkspacePackage>
  from: WorkspacePackage
  layer: Layer
  file: string
  found: Import
}

function dependencyViolations({
  from,
  layer,
  to,
  name,
}: {
  from: WorkspacePackage
  layer: Layer
  to: WorkspacePackage | undefined
  name: string
}): Violation[] {
  const at = manifestLine(from, `"${name}"`)
  if (to !== undefined) return layerViolations(layer, to).map((violation) => ({ ...at, ...violation }))
  const restriction = restricted.get(name)
  if (restriction === undefined || !restriction.forbids({ name: from.name, layer })) return []
  return [{ ...at, rule: restriction.rule, message: `${from.name} depends on ${name}` }]
}

function importViolations({ workspace, byName, from, layer, file, found }: ImportContext): Violation[] {
  const { specifier, line } = found
  const violation = (rule: string, message: string) => ({ file, line, rule, message })
  if (specifier.startsWith('.')) {
    const outside = relative(from.directory, join(file, '..', specifier)).startsWith('..')
    return outside ? [violation('import packages by name', `${specifier} leaves ${from.directory}`)] : []
  }
  const name = packageOf(specifier)
  const test = isTestFile(file)
  const restriction = restricted.get(name.replace(/^node:/, ''))
  // A test may start processes: real etcd, real kubectl.
  const exempt = test && isBuiltin(specifier)
  if (!exempt && restriction?.forbids({ name: from.name, layer }) === true) {
    return [violation(restriction.rule, `${from.name} imports ${specifier}`)]
  }
  if (isBuiltin(specifier)) return []

  const violations: Violation[] = []
  if (!isDeclared({ workspace, from, name, test })) {
    violations.push(violation('import only declared dependencies', `${from.name} does not declare ${name}`))
  }
  const to = byName.get(name)
  if (to === undefined) return violations
  const door = specifier === name ? '.' : `.${specifier.slice(name.length)}`
  if (!Object.hasOwn(to.exports, door)) {
    violations.push(violation('import what a package exports', `${name} does not export ${door}`))
  } else if (door === './testing') {
    if (!test) violations.push(violation('only tests import ./testing', `${specifier}`))
    return violations
  }
  if (to !== from)
    violations.push(...layerViolations(layer, to).map((problem) => ({ file, line, ...problem })))
  return violations
}

function isDeclared({
  workspace,
  from,
  name,
  test,
}: {
  workspace: Workspace
  from: WorkspacePackage
  name: string
  test: boolean
}): boolean {
  if (name === from.name || Object.hasOwn(from.dependencies, name)) return true
  return test && (Object.hasOwn(from.devDependencies, name) || workspace.rootDependencies.has(name))
}

function layerViolations(layer: Layer, to: WorkspacePackage): { rule: string; message: string }[] {
  if (mayImport[layer].some((allowed) => allowed === to.layer)) return []
  return [{ rule: `${layer} imports ${mayImport[layer].join(', ')}`, message: `${to.name} is ${to.layer}` }]
}

function cycleViolations(
  byName: ReadonlyMap<string, WorkspacePackage>,
  edges: ReadonlyMap<string, ReadonlySet<string>>,
): Violation[] {
  return findCycles(edges).flatMap((cycle) => {
    const from = byName.get(cycle[0] ?? '')
    if (from === undefined) return []
    const at = manifestLine(from, `"${cycle[1]}"`)
    return [{ ...at, rule: 'packages form no cycles', message: cycle.join(' -> ') }]
  })
}

/** `@scope/name` or `name`, without what follows. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function manifestLine({ directory, manifestText }: WorkspacePackage, text: string) {
  const line = manifestText.split('\n').findIndex((candidate) => candidate.includes(text)) + 1
  return { file: `${directory}/package.json`, line: Math.max(1, line) }
}
