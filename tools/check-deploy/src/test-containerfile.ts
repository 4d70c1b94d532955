import { readFileSync } from 'node:fs'
import { inRepository } from './repository.ts'

export type Stage = Readonly<{
  base: string
  name: string
  workdir: string
  runs: readonly string[]
  copies: readonly Copy[]
  entrypoint: readonly string[]
}>

/** `from` is the stage, or empty for the build context. */
export type Copy = Readonly<{ from: string; sources: readonly string[]; destination: string }>

/** The stages of a Containerfile in the few forms that ours use; another form throws. */
export function readContainerfile(path: string): Stage[] {
  const stages: {
    base: string
    name: string
    workdir: string
    runs: string[]
    copies: Copy[]
    entrypoint: string[]
  }[] = []
  for (const [instruction, rest] of instructionsOf(readFileSync(inRepository(path), 'utf8'))) {
    if (instruction === 'FROM') {
      const [base = '', , name = ''] = rest.split(' ')
      stages.push({ base, name, workdir: '/', runs: [], copies: [], entrypoint: [] })
      continue
    }
    const stage = stages.at(-1)
    if (stage === undefined) throw new SyntaxError(`${path}: ${instruction} before FROM`)
    if (instruction === 'RUN') stage.runs.push(rest)
    else if (instruction === 'COPY') stage.copies.push(copyOf(rest))
    else if (instruction === 'WORKDIR') stage.workdir = rest
    else if (instruction === 'ENTRYPOINT') stage.entrypoint.push(...JSON.parse(rest))
    else if (instruction !== 'ENV' && instruction !== 'USER') throw new SyntaxError(`${path}: ${instruction}`)
  }
  return stages
}

function instructionsOf(text: string): [instruction: string, rest: string][] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const joined = lines.join('\n').replaceAll(/\\\n\s*/g, '')
  return joined.split('\n').flatMap((line): [string, string][] => {
    const found = /^([A-Z]+) +(.+)$/.exec(line)
    if (found === null && line !== '') throw new SyntaxError(`no instruction: ${line}`)
    return found === null ? [] : [[found[1] ?? '', found[2] ?? '']]
  })
}

function copyOf(rest: string): Copy {
  const words = rest.split(' ')
  const from = words[0]?.startsWith('--from=') === true ? (words.shift() ?? '').slice('--from='.length) : ''
  const destination = words.pop() ?? ''
  if (words.length === 0 || words.some((word) => /^--|[*?[]/.test(word)))
    throw new SyntaxError(`COPY ${rest}`)
  return { from, sources: words, destination }
}
