import { ElfError } from '../errors.ts'

/** What clang makes of C: `count`, and `count.1` where a static name is there twice. */
const symbolName = /^[A-Za-z_][\w.$]*$/

/** Names become those of kernel objects, pins and keys: they are no paths and nothing that a terminal acts on. */
export function checkName(what: 'function' | 'map', name: string): void {
  if (!symbolName.test(name)) throw new ElfError(`${what} ${JSON.stringify(name)}: its name is no name of C`)
}
