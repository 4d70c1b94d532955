import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { checkWorkspace, isTestFile } from './check.ts'
import { findCycles } from './cycles.ts'
import { importsOf } from './imports.ts'
import { readWorkspace } from './workspace.ts'

type Fixture = {
  layer?: string
  dependencies?: string[]
  devDependencies?: string[]
  doors?: string[]
  files?: Record<string, string>
}

const trees: string[] = []
afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true })
})

/** The violations of a small workspace; keys are directories like `packages/a`, named `@axoneme/a`. */
function check(fixture: Record<string, Fixture>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'axo-layers-'))
  trees.push(root)
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  const versions = (names: string[] = []) => Object.fromEntries(names.map((name) => [name, '*']))
  write('package.json', JSON.stringify({ name: 'root', devDependencies: { vitest: '*' } }))
  for (const [directory, { layer = 'base', doors = ['.'], files = {}, ...rest }] of Object.entries(fixture)) {
    const manifest = {
      name: `@axoneme/${directory.split('/')[1]}`,
      layer,
      exports: versions(doors),
      dependencies: versions(rest.dependencies),
      devDependencies: versions(rest.devDependencies),
    }
    write(`${directory}/package.json`, JSON.stringify(manifest, null, 2))
    for (const [name, content] of Object.entries(files)) write(`${directory}/src/${name}`, content)
  }
  return checkWorkspace(readWorkspace(root)).map(({ file, line, message }) => `${file}:${line}: ${message}`)
}

const importing = (specifier: string) => ({ 'x.ts': `\nimport '${specifier}'\n` })

describe('layers', () => {
  it.each([
    ['base', 'base', true],
    ['base', 'state', false],
    ['state', 'base', true],
    ['state', 'driver', false],
    ['driver', 'driver', true],
    ['driver', 'state', false],
    ['driver', 'domain', false],
    ['domain', 'state', true],
    ['domain', 'domain', true],
    ['domain', 'driver', false],
    ['domain', 'edge', false],
    ['edge', 'domain', true],
    ['edge', 'driver', true],
    ['edge', 'edge', false],
    ['edge', 'app', false],
    ['app', 'app', true],
    ['app', 'edge', true],
  ])('%s may import %s: %s', (from, to, allowed) => {
    const found = check({
      'packages/from': { layer: from, dependencies: ['@axoneme/to'], files: importing('@axoneme/to') },
      'packages/to': { layer: to },
    })
    const message = `@axoneme/to is ${to}`
    expect(found).toEqual(
      allowed ? [] : [`packages/from/package.json:8: ${message}`, `packages/from/src/x.ts:2: ${message}`],
    )
  })

  it('must be one of them', () => {
    expect(check({ 'packages/a': { layer: 'middle' } })).toEqual([
      'packages/a/package.json:3: layer "middle" is none of base, state, driver, domain, edge, app',
    ])
  })

  it('form no cycles, counting what is declared and what is imported', () => {
    const found = check({
      'packages/a': { layer: 'driver', dependencies: ['@axoneme/b'] },
      'packages/b': { layer: 'driver', dependencies: ['@axoneme/c'], files: importing('@axoneme/c') },
      'packages/c': { layer: 'driver', dependencies: ['@axoneme/a'] },
    })
    expect(found).toEqual(['packages/a/package.json:8: @axoneme/a -> @axoneme/b -> @axoneme/c -> @axoneme/a'])
  })

  it('are not bound by tests, which may use ./testing of anything', () => {
    const files = {
      'x.test.ts': `import '@axoneme/edge/testing'\nimport 'vitest'\n`,
      'testing/y.ts': `import '@axoneme/edge/testing'\n`,
    }
    const edge = { layer: 'edge', doors: ['.', './testing'] }
    expect(
      check({ 'packages/a': { devDependencies: ['@axoneme/edge'], files }, 'packages/edge': edge }),
    ).toEqual([])
    expect(check({ 'packages/a': { files }, 'packages/edge': edge })).toHaveLength(2)
    const other = { 'x.test.ts': `import '@axoneme/edge'\n` }
    expect(
      check({ 'packages/a': { devDependencies: ['@axoneme/edge'], files: other }, 'packages/edge': edge }),
    ).toEqual(['packages/a/src/x.test.ts:1: @axoneme/edge is edge'])
  })
})

describe('imports', () => {
  it.each([
    ['an undeclared package', 'zod', '@axoneme/a does not declare zod'],
    ['an undeclared file of a package', 'zod/v4', '@axoneme/a does not declare zod'],
    ['a test runner in a source', 'vitest', '@axoneme/a does not declare vitest'],
    ['a name that every object has', 'constructor', '@axoneme/a does not declare constructor'],
    ['a file behind the front door', '@axoneme/b/src/x.ts', '@axoneme/b does not export ./src/x.ts'],
    ['the door for tests', '@axoneme/b/testing', '@axoneme/b/testing'],
    ['a file of another package', '../../b/src/x.ts', '../../b/src/x.ts leaves packages/a'],
    ['FFI', 'koffi', '@axoneme/a imports koffi'],
    ['processes', 'node:child_process', '@axoneme/a imports node:child_process'],
    ['processes without the prefix', 'child_process', '@axoneme/a imports child_process'],
  ])('not of %s', (_, specifier, message) => {
    const found = check({
      'packages/a': { dependencies: ['@axoneme/b'], files: importing(specifier) },
      'packages/b': { doors: ['.', './testing'] },
    })
    expect(found).toEqual([`packages/a/src/x.ts:2: ${message}`])
  })

  it('of what is declared, built in, or its own', () => {
    const files = {
      'x.ts': `import 'zod/v4'\nimport 'node:fs'\nimport './y.ts'\nimport '@axoneme/a'\nimport '@axoneme/b/more'\n`,
      'deep/y.ts': `import '../x.ts'\n`,
      'x.test.ts': `import 'node:child_process'\n`,
    }
    expect(
      check({
        'packages/a': { dependencies: ['zod', '@axoneme/b'], files },
        'packages/b': { doors: ['.', './more'] },
      }),
    ).toEqual([])
  })

  it('of FFI by syscalls only, also as a dependency', () => {
    const ffi = { layer: 'driver', dependencies: ['koffi'], files: importing('koffi') }
    expect(check({ 'packages/syscalls': ffi })).toEqual([])
    expect(check({ 'packages/bpf': ffi })).toEqual([
      'packages/bpf/package.json:8: @axoneme/bpf depends on koffi',
      'packages/bpf/src/x.ts:2: @axoneme/bpf imports koffi',
    ])
  })
})

it('finds every way to name a module, with its line', () => {
  const source = `
import { a } from 'static'
import type { B } from 'type'
export { c } from 're-export'
export * from 'star'
export * as d from 'star-as'
// import 'comment'
const text = "import 'string'" + \`import 'template'\`
const e = await import('dynamic')
const f = await import(\`plain-template\`)
const g = await import(text)
type H = import('in-type').H
function i(x: typeof import('type-of')): asserts x is import('asserted').X {}
export const j = 1
`
  expect(importsOf('x.ts', source).map(({ line, specifier }) => `${line} ${specifier}`)).toEqual([
    '2 static',
    '3 type',
    '4 re-export',
    '5 star',
    '6 star-as',
    '9 dynamic',
    '10 plain-template',
    '12 in-type',
    '13 type-of',
    '13 asserted',
  ])
  expect(() => importsOf('broken.ts', 'import {')).toThrow(/broken\.ts/)
})

it('finds cycles once each, by their shortest path', () => {
  const graph = (edges: Record<string, string>) =>
    new Map(Object.entries(edges).map(([node, targets]) => [node, new Set(targets)]))
  expect(findCycles(graph({ a: 'b', b: 'c', c: '' }))).toEqual([])
  expect(findCycles(graph({ a: 'a' }))).toEqual([['a', 'a']])
  expect(findCycles(graph({ x: 'a', a: 'bc', b: 'd', c: 'a', d: 'a' }))).toEqual([['a', 'c', 'a']])
  expect(findCycles(graph({ a: 'b', b: 'a', c: 'd', d: 'c', e: 'ac' }))).toHaveLength(2)
})

it.each([
  ['packages/a/src/x.test.ts', true],
  ['packages/a/src/x.bench.ts', true],
  ['packages/a/src/x.testing.ts', true],
  ['packages/a/src/testing.ts', true],
  ['packages/a/src/testing/fixture.ts', true],
  ['packages/a/src/test-worlds.ts', true],
  ['tools/bench/src/x.ts', true],
  ['tools/benches/src/x.ts', false],
  ['packages/a/src/contesting.ts', false],
  ['packages/a/src/test.ts', false],
])('%s is for tests: %s', (file, expected) => {
  expect(isTestFile(file)).toBe(expected)
})

it('this workspace obeys', () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  expect(checkWorkspace(readWorkspace(root))).toEqual([])
})
