import type { Plugin } from 'rolldown'

const prefix = '\0builtin:'

/**
 * An `import` of node:http makes Node read all its exports, and one of them brings in undici: 80 ms of a start. Asked
 * for as an object, the module keeps its getters.
 */
export const lazyHttp: Plugin = {
  name: 'lazy-http',
  resolveId: {
    filter: { id: /^(node:)?https?$/ },
    handler: (id, _importer, { kind }) =>
      kind === 'import-statement' ? prefix + id.replace(/^node:/, '') : undefined,
  },
  load: {
    filter: { id: new RegExp(`^${prefix}`) },
    handler: (id) => `module.exports = process.getBuiltinModule('node:${id.slice(prefix.length)}')`,
  },
}
