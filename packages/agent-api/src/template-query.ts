import { BadRequestError, NotFoundError } from './errors.ts'
import type { TemplateRow } from './template-schemas.ts'

/** Shorter beginnings of a hash could as well be a mistyped name. */
const shortestPrefix = 4
const hint = 'name a template by its program or the beginning of its hash; `axo bpf template list` lists them'

/**
 * The template that a hash, its beginning, or a program names. Of a program's templates it is the running one, or else
 * the one that was used last. Throws NotFoundError, BadRequestError.
 */
export function resolveTemplate(templates: readonly TemplateRow[], name: string): TemplateRow {
  const ofProgram = templates
    .filter(({ program }) => program === name)
    .toSorted((a, b) => Number(b.running) - Number(a.running) || b.lastUsedAt.localeCompare(a.lastUsedAt))
  const [first] = ofProgram
  if (first !== undefined) return first
  const matching = templates.filter(({ hash }) => name.length >= shortestPrefix && hash.startsWith(name))
  const [only, second] = matching
  if (only === undefined) throw new NotFoundError(`template ${JSON.stringify(name)}`, { hint })
  if (second === undefined) return only
  throw new BadRequestError(`${matching.length} templates begin with ${name}`, {
    hint: `give more of the hash, as in ${only.hash} or ${second.hash}`,
  })
}
