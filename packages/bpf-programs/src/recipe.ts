import { createHash } from 'node:crypto'
import { clangArguments } from './clang.ts'
import { compileTimeDefines, type DatapathConfig, type DatapathProgram } from './config.ts'
import { hashSources } from './sources.ts'

/** What an object is made of, but for the compiler. */
export type Recipe = Readonly<{
  program: DatapathProgram
  config: DatapathConfig
  /** Arguments of clang. */
  args: readonly string[]
  /** The file of `sourceDir` that is compiled. */
  file: string
  sourceDir: string
  /** Over the sources, the arguments and the program: 64 hexadecimal digits. */
  digest: string
}>

export async function readRecipe({
  program,
  config,
  sourceDir,
}: {
  program: DatapathProgram
  config: DatapathConfig
  sourceDir: string
}): Promise<Recipe> {
  const args = clangArguments({ defines: compileTimeDefines(config) })
  const sources = await hashSources(sourceDir)
  const digest = sources.update(JSON.stringify([args, program])).digest('hex')
  return { program, config, args, file: `${program}.c`, sourceDir, digest }
}

/** The name of the object that the compiler makes of the recipe: 32 hexadecimal digits. */
export function templateHash(recipe: Recipe, compilerVersion: string): string {
  const hash = createHash('sha256')
  return hash
    .update(JSON.stringify([recipe.digest, compilerVersion]))
    .digest('hex')
    .slice(0, 32)
}
