import type { Plugin } from 'rolldown'

/**
 * Writes what is not ASCII as escapes. V8 keeps the source while it runs, in two bytes a character as soon as one of them
 * needs two. The code is the same: outside of strings, templates and regular expressions there is only ASCII.
 */
export const ascii: Plugin = {
  name: 'ascii',
  generateBundle(_options, bundle) {
    for (const part of Object.values(bundle)) {
      if (part.type !== 'chunk') continue
      part.code = part.code.replace(
        /[^\0-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    }
  },
}
