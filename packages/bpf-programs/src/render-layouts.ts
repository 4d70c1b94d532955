import { type Btf, BtfError, findBtfType, resolveBtfType, structLayout } from '@axoneme/bpf'

/**
 * TypeScript for C types: a `defineLayout` with a value type for each struct, a constant object with a type of its
 * values for each enum, and which struct is key and which is value of each map. Names become camel case; a prefix that
 * all enumerators share is left out.
 */
export function renderLayouts(
  btf: Btf,
  { structs, enums }: { structs: readonly string[]; enums: readonly string[] },
): string {
  return [
    '// Generated from the BTF of c/layouts.c by src/generate-layouts.ts (pnpm run generate). Do not edit.',
    "import { defineLayout, type LayoutValue } from '@axoneme/bpf'",
    ...enums.map((name) => renderEnum(btf, name)),
    ...structs.map((name) => renderStruct(btf, name)),
    renderMaps(btf, structs),
  ]
    .join('\n\n')
    .concat('\n')
}

function renderStruct(btf: Btf, name: string): string {
  const { size, fields } = structLayout(btf, name)
  const rows = Object.entries(fields).map(
    ([field, shape]) => `    ${camelCase(field)}: ${renderLiteral(shape)},`,
  )
  const constant = camelCase(name)
  return [
    `/** struct ${name} */`,
    `export const ${constant} = defineLayout({`,
    `  size: ${size},`,
    '  fields: {',
    ...rows,
    '  },',
    '})',
    `export type ${pascalCase(name)} = LayoutValue<typeof ${constant}>`,
  ].join('\n')
}

function renderLiteral(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' ? `'${value}'` : String(value)
  const entries = Object.entries(value).map(([key, inner]) => `${key}: ${renderLiteral(inner)}`)
  return `{ ${entries.join(', ')} }`
}

function renderEnum(btf: Btf, name: string): string {
  const found = findBtfType(btf, 'enum', name)
  if (found === undefined) throw new BtfError(`BTF has no enum ${name}`)
  const prefix = sharedPrefix(found.type.values.map((value) => value.name))
  const rows = found.type.values.map(
    (value) => `  ${camelCase(value.name.slice(prefix.length).toLowerCase())}: ${value.value},`,
  )
  const constant = camelCase(name)
  const type = pascalCase(name)
  return [
    `/** enum ${name} */`,
    `export const ${constant} = {`,
    ...rows,
    '} as const',
    `export type ${type} = (typeof ${constant})[keyof typeof ${constant}]`,
  ].join('\n')
}

/** The longest prefix that ends in `_` and begins every name. */
function sharedPrefix(names: readonly string[]): string {
  const [first = '', ...others] = names
  for (let end = first.lastIndexOf('_'); end > 0; end = first.lastIndexOf('_', end - 1)) {
    const prefix = first.slice(0, end + 1)
    if (others.every((other) => other.startsWith(prefix))) return prefix
  }
  return ''
}

function renderMaps(btf: Btf, structs: readonly string[]): string {
  const section = findBtfType(btf, 'datasec', '.maps')
  if (section === undefined) throw new BtfError('BTF has no .maps')
  const rows = section.type.variables.flatMap(({ type }) => {
    const { type: variable } = resolveBtfType(btf, type)
    if (variable.kind !== 'var') throw new BtfError(`.maps has a ${variable.kind}`)
    const key = elementStruct(btf, variable.type, 'key')
    const value = elementStruct(btf, variable.type, 'value')
    if (key === undefined || value === undefined) return []
    for (const struct of [key, value]) {
      if (!structs.includes(struct)) throw new BtfError(`${variable.name}: no layout for struct ${struct}`)
    }
    return [`  ${variable.name}: { key: ${camelCase(key)}, value: ${camelCase(value)} },`]
  })
  return [
    '/** Keys and values by the name of the map; maps of plain numbers, programs and records are left out. */',
    'export const mapLayouts = {',
    ...rows.sort(),
    '} as const',
  ].join('\n')
}

/** The name of the struct that a map definition has as its key or value, unless that is something simpler. */
function elementStruct(btf: Btf, definition: number, what: 'key' | 'value'): string | undefined {
  const { type } = resolveBtfType(btf, definition)
  if (type.kind !== 'struct') throw new BtfError(`a map definition is a ${type.kind}`)
  const member = type.members.find(({ name }) => name === what)
  if (member === undefined) return undefined
  const pointer = resolveBtfType(btf, member.type).type
  if (pointer.kind !== 'ptr') throw new BtfError(`a map's ${what} is a ${pointer.kind}`)
  const element = resolveBtfType(btf, pointer.type).type
  return element.kind === 'struct' ? element.name : undefined
}

function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function pascalCase(name: string): string {
  const camel = camelCase(name)
  return camel.charAt(0).toUpperCase() + camel.slice(1)
}
